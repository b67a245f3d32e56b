//! Users who sign in: the application starts a login, the platform's answer is posted to it, and the browser
//! comes back for its session.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::read::DeflateDecoder;
use time::OffsetDateTime;

use crate::connection::{Answer, Connection};
use crate::kit::{ATTRIBUTES, Draft, REQUEST};
use crate::platform::{RECHECK, written};

pub(crate) const MARKETPLACE: &str = "uat";
pub(crate) const INIT_PATH: &str = "/maestrano/auth/saml/init/uat";
/// As the kit's responses have it.
pub(crate) const CONSUME_PATH: &str = "/maestrano/auth/saml/consume/uat";

/// The session of a user at the platform.
pub(crate) fn token(user: &str) -> String {
    format!("token-of-{user}")
}

/// Signs in the user of this number, and gives the session's cookie as a browser sends it.
pub(crate) async fn sign_in(connection: &mut Connection, app: &str, number: usize) -> String {
    let host = app.trim_start_matches("http://");

    let init = format!("GET {INIT_PATH} HTTP/1.1\r\nhost: {host}\r\n\r\n");
    let started = connection.ask(init.as_bytes()).await.unwrap();
    let (request, login) = (request_id(&location(&started)), cookie(&started, "mno_login"));

    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLResponse", &response(app, &request, number).form_value())
        .finish();
    let consume = format!(
        "POST {CONSUME_PATH} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{form}",
        form.len()
    );
    let finish = location(&connection.ask(consume.as_bytes()).await.unwrap());

    let finish = format!(
        "GET {} HTTP/1.1\r\nhost: {host}\r\ncookie: {login}\r\n\r\n",
        finish.strip_prefix(app).unwrap_or(&finish)
    );
    cookie(&connection.ask(finish.as_bytes()).await.unwrap(), "mno_session")
}

/// The platform's answer about the user of this number; ten users share a group.
fn response(app: &str, request: &str, number: usize) -> Draft {
    let now = OffsetDateTime::now_utc();
    let after = |seconds| written(now + Duration::from_secs(seconds));
    let (user, group) = (format!("usr-{number}"), format!("cld-{}", number / 10));
    let own = [
        ("mno_uid", user.clone()),
        ("mno_session", token(&user)),
        ("mno_session_recheck", after(RECHECK.as_secs())),
        ("group_uid", group.clone()),
        ("uid", user.clone()),
        ("virtual_uid", format!("{user}.{group}")),
        ("email", format!("{user}@example.com")),
        ("virtual_email", format!("{user}.{group}@mail.example.com")),
    ];
    let attributes = ATTRIBUTES.map(|(name, value)| {
        let own = own.iter().find(|(own, _)| *own == name);
        (name, own.map_or(value, |(_, value)| value.as_str()))
    });
    Draft::of(&attributes)
        .before("https://crm.example.com", app)
        .before(REQUEST, request)
        .before(">usr-1</NameID>", &format!(">{user}</NameID>"))
        .before("\"_r1\"", &format!("\"_r{number}\""))
        .before("\"_a1\"", &format!("\"_a{number}\""))
        .info("#_a1", &format!("#_a{number}"))
        .before("2026-03-01T09:59:55Z", &written(now - Duration::from_secs(5)))
        .before("2026-03-01T10:00:00Z", &after(0))
        .before("2026-03-01T10:03:00Z", &after(180))
        .before("2026-03-01T11:00:00Z", &after(3600))
}

fn location(answer: &Answer<'_>) -> String {
    assert_eq!(answer.status(), "303");
    answer.fields("location").next().unwrap().to_owned()
}

/// The cookie that is set under a name with this word in it.
fn cookie(answer: &Answer<'_>, word: &str) -> String {
    assert_eq!(answer.status(), "303");
    let mut cookies = answer.fields("set-cookie").filter_map(|line| line.split(';').next());
    let is_it = |cookie: &&str| cookie.split_once('=').is_some_and(|(name, _)| name.contains(word));
    cookies.find(is_it).unwrap().to_owned()
}

/// The id of the AuthnRequest in the address that a login starts with.
fn request_id(location: &str) -> String {
    let query = location.split_once('?').unwrap().1;
    let request = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "SAMLRequest").unwrap().1;
    let deflated = BASE64_STANDARD.decode(request.as_bytes()).unwrap();
    let xml = std::io::read_to_string(DeflateDecoder::new(deflated.as_slice())).unwrap();
    xml.split_once(" ID=\"").unwrap().1.split('"').next().unwrap().to_owned()
}
