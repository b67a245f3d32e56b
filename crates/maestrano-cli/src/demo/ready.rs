//! When platform and applications can be visited.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::Error;
use super::application::News;

/// Longer than any start takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until every application has said that it listens, then asks platform and applications for a page. What
/// else the applications say is kept for later.
///
/// # Errors
/// [`Error::Ended`], [`Error::Mute`] and [`Error::Silent`].
pub(crate) async fn all_answer(
    platform: &str,
    addresses: &[String],
    news: &mut mpsc::Receiver<(&'static str, News)>,
    log: &mut Vec<(&'static str, String)>,
) -> Result<(), Error> {
    let all_listen = async {
        let mut silent = addresses.len();
        while silent > 0 {
            match news.recv().await {
                Some((_, News::Line(line))) if line.starts_with("listening on ") => silent -= 1,
                Some((package, News::Line(line))) => log.push((package, line)),
                Some((package, News::Ended(status))) => return Err(Error::Ended { package, status }),
                None => return Err(Error::Mute),
            }
        }
        Ok(())
    };
    tokio::time::timeout(PATIENCE, all_listen).await.map_err(|_| Error::Mute)??;
    answers(platform, "/health").await?;
    for address in addresses {
        answers(address, "/").await?;
    }
    Ok(())
}

/// Asks for a page and is content with 200.
async fn answers(url: &str, path: &str) -> Result<(), Error> {
    let ask = async {
        let authority = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(authority).await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        if answer.starts_with(b"HTTP/1.1 200 ") {
            return Ok(());
        }
        let answer = String::from_utf8_lossy(&answer);
        Err(io::Error::other(format!("GET {path}: {}", answer.lines().next().unwrap_or("no answer"))))
    };
    let answered =
        tokio::time::timeout(PATIENCE, ask).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    answered.map_err(|source| Error::Silent { url: url.to_owned(), source })
}
