//! What the CRM keeps: people whom a company does business with.

use serde::Deserialize;

const LONGEST: usize = 100;

/// A contact of a company.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contact {
    /// First and last name, as it was typed.
    pub name: String,
    /// E-mail address, as it was typed.
    pub email: String,
}

/// A contact that somebody has typed in: name and e-mail are there, trimmed, and at most 100 characters long.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Fields")]
pub struct NewContact(Contact);

/// Why the fields of a form are no contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidContact {
    /// The name is empty or too long.
    #[error("a contact needs a name of at most {LONGEST} characters")]
    Name,
    /// The e-mail address is not one, or too long.
    #[error("a contact needs an e-mail address of at most {LONGEST} characters")]
    Email,
}

#[derive(Deserialize)]
struct Fields {
    name: String,
    email: String,
}

impl NewContact {
    /// Reads the fields of the form.
    ///
    /// # Errors
    /// When a field is empty, too long, or the e-mail address has no `@` with something on both sides.
    pub fn new(name: &str, email: &str) -> Result<Self, InvalidContact> {
        let (name, email) = (name.trim(), email.trim());
        if name.is_empty() || name.chars().count() > LONGEST {
            return Err(InvalidContact::Name);
        }
        let has_two_sides = email.split_once('@').is_some_and(|(who, at)| !who.is_empty() && !at.is_empty());
        if !has_two_sides || email.chars().count() > LONGEST {
            return Err(InvalidContact::Email);
        }
        Ok(Self(Contact { name: name.to_owned(), email: email.to_owned() }))
    }

    pub(crate) fn into_contact(self) -> Contact {
        self.0
    }
}

impl TryFrom<Fields> for NewContact {
    type Error = InvalidContact;

    fn try_from(Fields { name, email }: Fields) -> Result<Self, InvalidContact> {
        Self::new(&name, &email)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_has_a_name_and_an_email_address() {
        let contact = NewContact::new(" Ada ", "ada@example.com\n").unwrap().into_contact();
        assert_eq!(contact, Contact { name: "Ada".to_owned(), email: "ada@example.com".to_owned() });
        let long = "a".repeat(101);
        for name in ["", "  ", &long] {
            assert_eq!(NewContact::new(name, "a@b"), Err(InvalidContact::Name), "{name:?}");
        }
        for email in ["", "ada", "@b", "a@", &format!("a@{long}")] {
            assert_eq!(NewContact::new("Ada", email), Err(InvalidContact::Email), "{email:?}");
        }
    }

    #[test]
    fn the_form_is_read_the_same_way() {
        let read = |json| serde_json::from_str::<NewContact>(json).map_err(|error| error.to_string());
        assert_eq!(read(r#"{"name":"Ada","email":"a@b"}"#), Ok(NewContact::new("Ada", "a@b").unwrap()));
        assert!(read(r#"{"name":"","email":"a@b"}"#).unwrap_err().contains("needs a name"));
    }
}
