//! What a developer reads who has forgotten `.attach(maestrano_rocket::fairing(mno))`.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a failed test panics")]

use std::fmt::Write;
use std::sync::Mutex;

use log::{LevelFilter, Log, Metadata, Record};
use maestrano_rocket::Session;
use rocket::{get, routes};

/// The log of this process: there is one test in this file.
struct Kept(Mutex<String>);

static LOG: Kept = Kept(Mutex::new(String::new()));

impl Log for Kept {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        writeln!(self.0.lock().unwrap(), "{}", record.args()).unwrap();
    }

    fn flush(&self) {}
}

const ROUTE: u32 = line!() + 2;

#[get("/me")]
async fn me(session: Session) -> String {
    session.user().to_string()
}

#[rocket::async_test]
async fn the_application_does_not_launch_and_the_log_names_the_call_and_the_page_with_file_and_line() {
    log::set_logger(&LOG).unwrap();
    log::set_max_level(LevelFilter::Info);
    let Err(error) = rocket::build().mount("/", routes![me]).launch().await else { panic!("launched") };
    error.pretty_print();
    let log = LOG.0.lock().unwrap().clone();
    assert!(log.contains(".attach(maestrano_rocket::fairing(mno))"), "{log}");
    let place = format!("({}:", file!());
    let line = log.lines().find(|line| line.contains("Session") && line.contains(&place));
    let line = line.unwrap_or_else(|| panic!("no place in\n{log}"));
    let (_, place) = line.split_once(&place).unwrap();
    let named: u32 = place.split(':').next().unwrap().parse().unwrap();
    assert!((ROUTE..ROUTE + 3).contains(&named), "line {named} of {ROUTE}");
}
