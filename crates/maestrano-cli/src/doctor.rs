//! `maestrano doctor`: why something does not work.

mod occasion;
mod report;

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maestrano::saml::{Assertion, Fingerprint, explain, verify};
use maestrano::{Login, Rejection};
use time::UtcDateTime;
use time::format_description::well_known::Rfc3339;

use occasion::Occasion;
use report::Report;

/// Looks into what does not work.
#[derive(Debug, clap::Args)]
pub(crate) struct Command {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Debug, clap::Subcommand)]
enum Subject {
    /// Explains a captured response: each check, passed or failed. Prints no token.
    ///
    /// The response is the value of the form field SAMLResponse, as the browser's network tab shows it, or
    /// the XML in it. What it is checked against comes from the settings of the application
    /// (--marketplace), or from --certificate (or --fingerprint) and --acs.
    Response(Box<Response>),
}

#[derive(Debug, clap::Args)]
struct Response {
    /// The file with the response; `-` reads the standard input.
    file: PathBuf,
    /// The marketplace that it came from: certificate and addresses are fetched with the settings in the
    /// environment (MNO_DEVPL_HOST and so on), as the application does when it starts.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["certificate", "fingerprint"])]
    marketplace: Option<String>,
    /// The platform's certificate, a PEM file; several while one replaces another.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["marketplace", "fingerprint"], requires = "acs")]
    certificate: Vec<PathBuf>,
    /// The fingerprint of the platform's certificate, SHA-256 or SHA-1, where that is all that is configured: the
    /// response carries the certificate then.
    #[arg(long, value_name = "HEX", requires = "acs")]
    fingerprint: Option<Fingerprint>,
    /// By how many seconds the clocks may differ, at most 300; by default what the settings say, or 60.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(0..=300))]
    allowance: Option<u16>,
    /// The consume address that the application has sent.
    #[arg(long, value_name = "URL")]
    acs: Option<String>,
    /// A further audience that is right, such as the app's id.
    #[arg(long, value_name = "NAME")]
    audience: Vec<String>,
    /// The request that should have been answered; by default any.
    #[arg(long, value_name = "ID")]
    request: Option<String>,
    /// When the response arrived, such as 2026-03-01T10:00:30Z; by default now.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    at: Option<UtcDateTime>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Why the doctor cannot say that all is well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{} cannot be read", file.display())]
    Read { file: PathBuf, source: io::Error },
    #[error("{} holds no certificate", file.display())]
    Certificate { file: PathBuf, source: maestrano::saml::CertificateError },
    #[error("the settings of the application do not work")]
    Settings(#[from] maestrano::Error),
    #[error("no HTTP client can be made")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("there is no marketplace {name}; the settings know {known}")]
    NoMarketplace { name: String, known: String },
    #[error(transparent)]
    Name(#[from] maestrano::InvalidId),
    #[error("the report cannot be written")]
    Write(#[from] serde_json::Error),
    #[error("the response is refused")]
    Refused(#[source] Rejection),
}

impl Command {
    /// Prints the report.
    pub(crate) async fn run(self) -> Result<(), Error> {
        let Subject::Response(response) = self.subject;
        let report = response.examine().await?;
        if response.json {
            println!("{}", serde_json::to_string_pretty(&report.to_json())?);
        } else {
            print!("{report}");
        }
        report.rejection().map_or(Ok(()), |rejection| Err(Error::Refused(rejection)))
    }
}

impl Response {
    async fn examine(&self) -> Result<Report, Error> {
        let form_value = form_value(read(&self.file)?);
        let occasion = Occasion::of(self).await?;
        let audiences = occasion.audiences();
        let expectations = occasion.expectations(&audiences);
        let findings = explain(&form_value, &expectations, occasion.now);
        let marketplace = self.marketplace.as_deref().unwrap_or("unknown").parse()?;
        let read = |assertion: Assertion| {
            let login = Login::from_assertion(&assertion, &marketplace, occasion.creation_mode)?;
            Ok((login, assertion.request_id().to_owned()))
        };
        let login = verify(&form_value, &expectations, occasion.now).ok().map(read);
        Ok(Report::new(findings, login, &occasion))
    }
}

/// The value of the form field; XML is packed into one.
fn form_value(content: Vec<u8>) -> Vec<u8> {
    let xml = content.trim_ascii();
    if xml.starts_with(b"<") { BASE64_STANDARD.encode(xml).into_bytes() } else { content }
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    let content = if file == Path::new("-") {
        let mut content = Vec::new();
        io::stdin().lock().read_to_end(&mut content).map(|_| content)
    } else {
        std::fs::read(file)
    };
    content.map_err(|source| Error::Read { file: file.to_owned(), source })
}

fn instant(text: &str) -> Result<UtcDateTime, String> {
    UtcDateTime::parse(text, &Rfc3339).map_err(|_| "expected a time such as 2026-03-01T10:00:30Z".to_owned())
}
