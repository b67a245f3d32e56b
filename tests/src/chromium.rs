//! Chromium, without a window, led by its driver.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use fantoccini::wd::WindowHandle;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;
use url::Url;

use crate::process::Process;

/// Longer than any page takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Longer than any recheck takes, even on a busy machine.
const RECHECK: Duration = Duration::from_secs(60);

/// How often the driver may lose its port.
const TRIES: usize = 5;

/// With a pipe the browser ends with its driver, also when a case fails.
const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1000,760",
    "--remote-debugging-pipe",
];

/// A browser as new. Dropping it ends it.
#[derive(Debug)]
pub struct Chromium {
    client: Client,
    shots: String,
    _driver: Process,
    _profile: TempDir,
}

impl Chromium {
    /// Starts the driver and the browser. Screenshots are named after `shots`.
    ///
    /// # Panics
    ///
    /// When either is not installed or does not start.
    pub async fn start(shots: &str) -> Self {
        let (driver, address) = Self::driver().await;
        let profile = TempDir::new().expect("a folder for the browser's profile");
        let mut flags = FLAGS.map(str::to_owned).to_vec();
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        let wishes = json!({ "browserName": "chrome", "goog:chromeOptions": { "args": flags } });
        let serde_json::Value::Object(wishes) = wishes else { unreachable!("the wishes are an object") };
        let client = ClientBuilder::new(HttpConnector::new()).capabilities(wishes).connect(&address).await;
        let client = client.unwrap_or_else(|error| {
            panic!(
                "chromium does not start: {error}\nIs it installed (Debian: apt-get install chromium)?\n{}",
                driver.log()
            )
        });
        Self { client, shots: shots.to_owned(), _driver: driver, _profile: profile }
    }

    /// Starts the driver at a port that it chooses by itself. Of two that choose at the same moment one can lose its
    /// port to the other, so it tries again.
    async fn driver() -> (Process, String) {
        let mut log = String::new();
        for _ in 0..TRIES {
            let mut command = Command::new("chromedriver");
            command.arg("--port=0");
            let mut driver = Process::start(command).unwrap_or_else(|error| match error.kind() {
                ErrorKind::NotFound => panic!(
                    "there is no chromedriver: run `cargo xtask test`, or install it with its browser \
                     (Debian: apt-get install chromium chromium-driver)"
                ),
                _ => panic!("chromedriver cannot be started: {error}"),
            });
            let is_up = driver.writes("successfully on port").await;
            log = driver.log();
            if is_up {
                let port = log.split("successfully on port ").nth(1);
                let port = port.and_then(|rest| rest.split(['.', '\n']).next());
                return (driver, format!("http://127.0.0.1:{}", port.unwrap_or_default()));
            }
            if !log.contains("already in use") {
                break;
            }
        }
        panic!("chromedriver ends:\n{log}")
    }

    /// Types an address.
    ///
    /// # Panics
    ///
    /// As every action here does: when the browser cannot do it.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("{url} does not open: {error}"));
    }

    /// Types into the field.
    ///
    /// # Panics
    ///
    /// When there is no such field.
    pub async fn write(&self, selector: &str, text: &str) {
        let field = self.find(Locator::Css(selector)).await;
        field
            .send_keys(text)
            .await
            .unwrap_or_else(|error| panic!("`{selector}` cannot be written in: {error}"));
    }

    /// Clicks what the CSS selector finds.
    ///
    /// # Panics
    ///
    /// When there is nothing.
    pub async fn click(&self, selector: &str) {
        let element = self.find(Locator::Css(selector)).await;
        element.click().await.unwrap_or_else(|error| panic!("`{selector}` cannot be clicked: {error}"));
    }

    /// Clicks the button with these words.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub async fn press(&self, words: &str) {
        let path = format!("//button[contains(normalize-space(.), '{words}')]");
        let button = self.find(Locator::XPath(&path)).await;
        button.click().await.unwrap_or_else(|error| panic!("`{words}` cannot be pressed: {error}"));
    }

    /// Clicks the link with these words.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub async fn follow(&self, words: &str) {
        let path = format!("//a[contains(normalize-space(.), '{words}')]");
        let link = self.find(Locator::XPath(&path)).await;
        link.click().await.unwrap_or_else(|error| panic!("`{words}` cannot be followed: {error}"));
    }

    /// Runs a script in the page, and gives what it returns; what it promises is waited for.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub async fn run(&self, script: &str) -> serde_json::Value {
        let returned = self.client.execute(script, Vec::new()).await;
        returned.unwrap_or_else(|error| panic!("`{script}` fails: {error}"))
    }

    /// Opens another tab and goes on in it.
    ///
    /// # Panics
    ///
    /// When there is none to be had.
    pub async fn new_tab(&self) {
        let tab = self.client.new_window(true).await.expect("chromium opens a tab");
        self.client.switch_to_window(tab.handle).await.expect("chromium goes to the tab");
    }

    /// All tabs, in no order.
    ///
    /// # Panics
    ///
    /// When the browser does not say.
    pub async fn tabs(&self) -> Vec<WindowHandle> {
        self.client.windows().await.expect("chromium names its tabs")
    }

    /// Goes on in this tab.
    ///
    /// # Panics
    ///
    /// When there is no such tab.
    pub async fn switch_to(&self, tab: &WindowHandle) {
        self.client.switch_to_window(tab.clone()).await.expect("chromium goes to the tab");
    }

    /// Goes on inside the first frame of the page.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub async fn enter_frame(&self) {
        self.find(Locator::Css("iframe")).await;
        self.client.enter_frame(0).await.expect("chromium enters the frame");
    }

    /// Leaves the frame for the whole window.
    ///
    /// # Panics
    ///
    /// When the browser does not.
    pub async fn leave_frame(&self) {
        self.client.clone().enter_parent_frame().await.expect("chromium leaves the frame");
    }

    /// Goes to the page before.
    ///
    /// # Panics
    ///
    /// When the browser does not.
    pub async fn back(&self) {
        self.client.back().await.expect("chromium goes back");
    }

    /// Loads the page again.
    ///
    /// # Panics
    ///
    /// When the browser does not.
    pub async fn reload(&self) {
        self.client.refresh().await.expect("chromium loads the page again");
    }

    /// Names and values of the cookies of the page's host.
    ///
    /// # Panics
    ///
    /// When the browser does not say.
    pub async fn cookies(&self) -> Vec<(String, String)> {
        let cookies = self.client.get_all_cookies().await.expect("chromium names its cookies");
        cookies.iter().map(|cookie| (cookie.name().to_owned(), cookie.value().to_owned())).collect()
    }

    /// Forgets the cookies of the page's host.
    ///
    /// # Panics
    ///
    /// When the browser does not.
    pub async fn forget_cookies(&self) {
        self.client.delete_all_cookies().await.expect("chromium forgets its cookies");
    }

    /// Types an address again and again until it leads to this origin: how a person sees that a recheck is past.
    ///
    /// # Panics
    ///
    /// When it never does.
    pub async fn open_until_at(&self, url: &str, origin: &str) {
        let leading = async {
            let mut beat = tokio::time::interval(Duration::from_millis(200));
            loop {
                beat.tick().await;
                self.open(url).await;
                if self.url().await.as_str().starts_with(origin) {
                    break;
                }
            }
        };
        if tokio::time::timeout(RECHECK, leading).await.is_err() {
            panic!("{url} does not lead to {origin}: {}", self.text().await);
        }
    }

    /// Waits until the address is of this origin.
    ///
    /// # Panics
    ///
    /// When it never is.
    pub async fn arrive_at(&self, origin: &str) {
        let arriving = async {
            let mut beat = tokio::time::interval(Duration::from_millis(50));
            while !self.url().await.as_str().starts_with(origin) {
                beat.tick().await;
            }
        };
        if tokio::time::timeout(PATIENCE, arriving).await.is_err() {
            panic!(
                "chromium stays at {}, and does not arrive at {origin}: {}",
                self.url().await,
                self.text().await
            );
        }
    }

    /// Where it is.
    ///
    /// # Panics
    ///
    /// When the browser does not say.
    pub async fn url(&self) -> Url {
        self.client.current_url().await.expect("chromium tells its address")
    }

    /// What can be read on the page.
    ///
    /// # Panics
    ///
    /// When there is no page.
    pub async fn text(&self) -> String {
        self.find(Locator::Css("body")).await.text().await.expect("chromium reads the page")
    }

    /// Keeps a picture of the page in `artefacts/` of the workspace.
    ///
    /// # Panics
    ///
    /// When it cannot be taken or kept.
    pub async fn shoot(&self, title: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../artefacts");
        let picture = self.client.screenshot().await.expect("chromium takes a picture");
        std::fs::create_dir_all(&folder).expect("the folder for pictures");
        std::fs::write(folder.join(format!("{}-{title}.png", self.shots)), picture)
            .expect("the picture is kept");
    }

    async fn find(&self, locator: Locator<'_>) -> fantoccini::elements::Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(locator).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("nothing at {locator:?} ({error}) on {}", self.url().await),
        }
    }

    /// Closes the browser and waits for it.
    pub async fn close(self) {
        // The case is over; a browser that does not close ends with its driver.
        let _ = self.client.close().await;
    }
}
