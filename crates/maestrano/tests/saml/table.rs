//! The table of hostile documents has no accepted row, and every rule has a row.

use crate::hostile::rows;

#[test]
fn every_hostile_document_is_refused_for_its_reason() {
    let mut wrong = Vec::new();
    let rows = rows();
    for row in &rows {
        match row.login() {
            Ok(login) => wrong.push(format!("{}: accepted as {}", row.name, login.user().id())),
            Err(rejection) if rejection != row.rejection => {
                wrong.push(format!("{}: {rejection:?} instead of {:?}", row.name, row.rejection));
            }
            Err(_) => {}
        }
    }
    println!("{} hostile documents were refused", rows.len() - wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
