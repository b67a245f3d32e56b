//! Connec! has news: entities that were changed elsewhere (webhooks.md 5.3).

use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::ids::{GroupId, MarketplaceName};

/// Objects and lists may stand in each other so deep, and no deeper (security.md 5.3).
const DEPTH: usize = 64;

/// Entities that were changed, of one marketplace and of any of its groups.
#[derive(Clone, Debug)]
pub struct Notification {
    marketplace: MarketplaceName,
    entities: Vec<Entity>,
}

/// One entity, whole, as Connec! has it.
#[derive(Clone)]
pub struct Entity {
    /// One text for all entities of a kind.
    resource: Arc<str>,
    group: Option<GroupId>,
    json: Box<RawValue>,
}

/// Why a body is no notification. The text is for the log, and quotes nothing of the body.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("objects and lists stand in each other more than {DEPTH} deep")]
    TooDeep,
    #[error(
        "it is not a JSON object with a list of objects for each resource (line {line}, column {column})"
    )]
    Shape { line: usize, column: usize },
}

impl Notification {
    pub(crate) fn parse(marketplace: &MarketplaceName, body: &[u8]) -> Result<Self, Malformed> {
        if deepest(body) > DEPTH {
            return Err(Malformed::TooDeep);
        }
        let shape =
            |error: serde_json::Error| Malformed::Shape { line: error.line(), column: error.column() };
        let Entities(entities) = serde_json::from_slice(body).map_err(shape)?;
        Ok(Self { marketplace: marketplace.clone(), entities })
    }

    /// The marketplace that all groups in it belong to.
    #[must_use]
    pub fn marketplace(&self) -> &MarketplaceName {
        &self.marketplace
    }

    /// The entities, in the order in which they came.
    #[must_use]
    pub fn entities(&self) -> &[Entity] {
        &self.entities
    }
}

impl Entity {
    /// The kind, in the plural: `people`, `organizations`, `invoices`.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The group that the entity belongs to (`cld-1`); `None` when it names none, or one that cannot be.
    #[must_use]
    pub fn group(&self) -> Option<&GroupId> {
        self.group.as_ref()
    }

    /// The entity as JSON, as it came: an object.
    #[must_use]
    pub fn as_json(&self) -> &str {
        self.json.get()
    }

    /// The entity as a type of yours. Its `id` is a text, or a list of objects where the marketplace's
    /// `external_ids` is on.
    ///
    /// # Errors
    /// When it does not fit the type.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, EntityError> {
        serde_json::from_str(self.json.get()).map_err(|source| EntityError { source })
    }
}

/// An entity is not what the application took it for.
#[derive(Debug, thiserror::Error)]
#[error("the entity does not fit the type")]
pub struct EntityError {
    source: serde_json::Error,
}

/// Its content may be anything: people, wages, invoices.
impl fmt::Debug for Entity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.json.get().len();
        write!(formatter, "Entity({:?} of {:?}, {length} bytes)", self.resource, self.group)
    }
}

struct Entities(Vec<Entity>);

impl<'de> Deserialize<'de> for Entities {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ByResource)
    }
}

struct ByResource;

impl<'de> Visitor<'de> for ByResource {
    type Value = Entities;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with a list of entities for each resource")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entities, A::Error> {
        let mut entities = Vec::new();
        while let Some(resource) = map.next_key::<String>()? {
            let resource: Arc<str> = resource.into();
            let All(all) = map.next_value()?;
            entities.extend(all.into_iter().map(|(group, json)| Entity {
                resource: Arc::clone(&resource),
                group,
                json,
            }));
        }
        Ok(Entities(entities))
    }
}

/// The entities of one resource: a list, one alone, or nothing.
struct All(Vec<(Option<GroupId>, Box<RawValue>)>);

impl<'de> Deserialize<'de> for All {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;

        let value: Box<RawValue> = Deserialize::deserialize(deserializer)?;
        let list: Vec<Box<RawValue>> = match value.get().as_bytes().first() {
            Some(b'[') => serde_json::from_str(value.get()).map_err(D::Error::custom)?,
            Some(b'{') => vec![value],
            Some(b'n') => Vec::new(),
            _ => return Err(D::Error::custom("no list")),
        };
        let with_group = |json: Box<RawValue>| {
            if !json.get().starts_with('{') {
                return Err(D::Error::custom("no object"));
            }
            Ok((group_of(json.get()), json))
        };
        list.into_iter().map(with_group).collect::<Result<_, _>>().map(All)
    }
}

/// The group that an entity names.
fn group_of(json: &str) -> Option<GroupId> {
    #[derive(Deserialize)]
    struct Head {
        #[serde(default)]
        group_id: Option<Group>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Group {
        Id(String),
        Other(IgnoredAny),
    }
    match serde_json::from_str::<Head>(json).ok()?.group_id? {
        Group::Id(id) => id.parse().ok(),
        Group::Other(_) => None,
    }
}

/// How deep objects and lists stand in each other. What is not JSON may be counted wrongly; it is refused anyway.
fn deepest(body: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_text, mut escaped) = (0usize, 0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Notification, Malformed> {
        Notification::parse(&"uat".parse().unwrap(), body.as_bytes())
    }

    #[test]
    fn every_entity_comes_with_its_own_group() {
        let news = parse(
            r#" {"organizations": [{"id": "e3", "group_id": "cld-1", "name": "Doe [\"{"}],
                 "people": [{"id": [{"provider": "connec"}], "group_id": "cld-2"}, {"id": "b"}, {"group_id": 7}],
                 "company": {"group_id": "cld-3"}, "leads": [], "items": null} "#,
        )
        .unwrap();
        let seen: Vec<_> =
            news.entities().iter().map(|it| (it.resource(), it.group().map(GroupId::as_str))).collect();
        let expected = [
            ("organizations", Some("cld-1")),
            ("people", Some("cld-2")),
            ("people", None),
            ("people", None),
            ("company", Some("cld-3")),
        ];
        assert_eq!(seen, expected);

        #[derive(serde::Deserialize)]
        struct Organization {
            name: String,
        }
        let first = &news.entities()[0];
        assert_eq!(first.parse::<Organization>().unwrap().name, "Doe [\"{");
        assert_eq!(first.as_json(), r#"{"id": "e3", "group_id": "cld-1", "name": "Doe [\"{"}"#);
        assert!(news.entities()[2].parse::<Organization>().is_err());
        assert!(!format!("{news:?}").contains("Doe"));
    }

    #[test]
    fn a_body_of_another_shape_is_none() {
        for body in [
            "",
            "null",
            "[]",
            "{",
            r#"{"people": 1}"#,
            r#"{"people": "x"}"#,
            r#"{"people": [1]}"#,
            r#"{"people": [[]]}"#,
            r#"{"people": []} x"#,
            "{\"people\": [{\"a\": \"\u{0}\"}]}",
        ] {
            assert!(matches!(parse(body), Err(Malformed::Shape { .. })), "{body}");
        }
        assert!(Notification::parse(&"uat".parse().unwrap(), b"{\"a\xff\": []}").is_err());
        assert!(parse("{}").unwrap().entities().is_empty());
    }

    #[test]
    fn a_long_name_of_a_kind_is_kept_once() {
        let name = "a".repeat(500_000);
        let body = format!(r#"{{"{name}": [{}{{}}]}}"#, "{},".repeat(150_000));
        let news = parse(&body).unwrap();
        assert_eq!(news.entities().len(), 150_001);
        let (first, last) = (&news.entities()[0].resource, &news.entities()[150_000].resource);
        assert!(Arc::ptr_eq(first, last) && **first == *name);
    }

    #[test]
    fn the_depth_is_bounded_to_the_level() {
        let nested = |lists: usize| {
            format!(r#"{{"people": [{{"a": {}{}, "b": "[[[["}}]}}"#, "[".repeat(lists), "]".repeat(lists))
        };
        assert!(parse(&nested(61)).is_ok());
        assert!(matches!(parse(&nested(62)), Err(Malformed::TooDeep)));
    }
}
