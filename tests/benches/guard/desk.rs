//! A page as applications have them: made for each request of what a database says, about 5 KB.

use maud::{DOCTYPE, html};
use rusqlite::{Connection, Row};

struct Contact {
    name: String,
    email: String,
    company: String,
    phone: String,
    last_heard: String,
}

thread_local! {
    /// In memory, so that nobody waits for a disk.
    static DATABASE: Connection = database().unwrap();
}

fn database() -> rusqlite::Result<Connection> {
    let database = Connection::open_in_memory()?;
    database.execute_batch(
        "create table contacts (company_id integer, name text, email text, company text, phone text, last_heard text);
         create index contacts_of_company on contacts (company_id);",
    )?;
    for number in 1..=1000 {
        let (name, email) =
            (format!("Jane O'Neill the {number}th"), format!("jane.{number}@customers.example.com"));
        let (company, phone) = (format!("Example & Partners {number}"), format!("+44 20 7946 {number:04}"));
        let last_heard = format!("{number} days ago");
        database.execute(
            "insert into contacts values (?1, ?2, ?3, ?4, ?5, ?6)",
            (number % 50, name, email, company, phone, last_heard),
        )?;
    }
    Ok(database)
}

/// The 20 contacts of one company.
fn contacts(database: &Connection) -> rusqlite::Result<Vec<Contact>> {
    let mut contacts = database.prepare_cached(
        "select name, email, company, phone, last_heard from contacts where company_id = ?1 order by name",
    )?;
    contacts.query_map([7], Contact::of)?.collect()
}

pub(crate) fn page() -> String {
    let contacts = DATABASE.with(contacts).unwrap();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "Contacts" }
                link rel="stylesheet" href="style.css";
            }
            body {
                header { a href="." { "CRM" } span { "John Doe" } }
                main {
                    h1 { "Smith & Sons" }
                    table {
                        thead {
                            tr { th { "Contact" } th { "E-mail" } th { "Company" } th { "Phone" } th { "Last heard" } }
                        }
                        tbody {
                            @for (number, contact) in contacts.iter().enumerate() {
                                tr id={ "contact-" (number) } {
                                    td { a href={ "contacts/" (number) } { (contact.name) } }
                                    td { a href={ "mailto:" (contact.email) } { (contact.email) } }
                                    td { (contact.company) }
                                    td { (contact.phone) }
                                    td.quiet { (contact.last_heard) }
                                }
                            }
                        }
                    }
                    form method="post" action="contacts" {
                        input name="name" placeholder="Name" required;
                        input name="email" type="email" placeholder="E-mail" required;
                        button { "Add contact" }
                    }
                }
            }
        }
    }
    .into_string()
}

impl Contact {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            name: row.get(0)?,
            email: row.get(1)?,
            company: row.get(2)?,
            phone: row.get(3)?,
            last_heard: row.get(4)?,
        })
    }
}
