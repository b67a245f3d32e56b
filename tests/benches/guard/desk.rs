//! A page as applications have them: made for each request of what is in memory, about 5 KB.

use std::sync::LazyLock;

use maud::{DOCTYPE, html};

struct Contact {
    name: String,
    email: String,
    company: String,
    phone: String,
    last_heard: String,
}

static CONTACTS: LazyLock<Vec<Contact>> = LazyLock::new(|| (1..=20).map(Contact::numbered).collect());

pub(crate) fn page() -> String {
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
                            @for (number, contact) in CONTACTS.iter().enumerate() {
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
    fn numbered(number: usize) -> Self {
        Self {
            name: format!("Jane O'Neill the {number}th"),
            email: format!("jane.{number}@customers.example.com"),
            company: format!("Example & Partners {number}"),
            phone: format!("+44 20 7946 {:04}", number * 137),
            last_heard: format!("{number} days ago"),
        }
    }
}
