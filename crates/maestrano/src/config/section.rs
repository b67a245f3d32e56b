//! Reads typed values out of what was configured, and notes every problem with the path of the setting.

use std::cell::RefCell;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::error::Problem;

/// The problems met so far.
#[derive(Debug, Default)]
pub(super) struct Findings(RefCell<Vec<Problem>>);

impl Findings {
    pub(super) fn note(&self, setting: impl Into<String>, message: impl Display) {
        self.0.borrow_mut().push(Problem::new(setting, message.to_string()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.0.into_inner()
    }
}

/// A table of settings. What is missing, null or an empty text counts as not given.
#[derive(Debug)]
pub(super) struct Section<'a> {
    values: Option<&'a Map<String, Value>>,
    prefix: String,
    findings: &'a Findings,
}

impl<'a> Section<'a> {
    /// The outermost table; `prefix` stands before the name of every setting.
    pub(super) fn new(value: &'a Value, prefix: impl Into<String>, findings: &'a Findings) -> Self {
        let prefix = prefix.into();
        let values = value.as_object();
        if values.is_none() && !value.is_null() {
            findings.note(prefix.trim(), format_args!("is {}: give a table", kind(value)));
        }
        Self { values, prefix, findings }
    }

    /// The table below `key`; an empty one when there is none.
    pub(super) fn section(&self, key: &str) -> Self {
        let values = match self.value(key) {
            None => None,
            Some(Value::Object(values)) => Some(values),
            Some(other) => {
                self.note(key, format_args!("is {}: give a table", kind(other)));
                None
            }
        };
        Self { values, prefix: format!("{}{key}.", self.prefix), findings: self.findings }
    }

    pub(super) fn note(&self, key: &str, message: impl Display) {
        self.findings.note(self.name(key), message);
    }

    /// The whole name of the setting `key`.
    pub(super) fn name(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        match self.value(key)? {
            Value::String(text) => Some(text.trim()),
            other => {
                self.note(key, format_args!("is {}: give a text", kind(other)));
                None
            }
        }
    }

    pub(super) fn required_text(&self, key: &str, advice: &str) -> Option<&'a str> {
        if !self.has(key) {
            self.note(key, format_args!("is missing: {advice}"));
        }
        self.text(key)
    }

    /// The text, turned into what it means.
    pub(super) fn parsed<T, E: Display>(
        &self,
        key: &str,
        parse: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Option<T> {
        self.accept(key, parse(self.text(key)?))
    }

    pub(super) fn required<T, E: Display>(
        &self,
        key: &str,
        advice: &str,
        parse: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Option<T> {
        self.accept(key, parse(self.required_text(key, advice)?))
    }

    /// A time in seconds within `range`.
    pub(super) fn seconds(&self, key: &str, range: RangeInclusive<f64>) -> Option<Duration> {
        let seconds = self.value(key)?.as_f64().filter(|seconds| range.contains(seconds));
        let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        if duration.is_none() {
            let (least, most) = (range.start(), range.end());
            self.note(key, format_args!("is not a number of seconds from {least} to {most}"));
        }
        duration
    }

    /// A whole number within `range`.
    pub(super) fn whole(&self, key: &str, range: RangeInclusive<usize>) -> Option<usize> {
        let number = self.value(key)?.as_u64().and_then(|number| usize::try_from(number).ok());
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = (range.start(), range.end());
            self.note(key, format_args!("is not a whole number from {least} to {most}"));
        }
        number
    }

    /// Whether the setting is `true`.
    pub(super) fn flag(&self, key: &str) -> bool {
        match self.value(key) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(other) => {
                self.note(key, format_args!("is {}: give true or false", kind(other)));
                false
            }
        }
    }

    pub(super) fn list(&self, key: &str) -> &'a [Value] {
        match self.value(key) {
            None => &[],
            Some(Value::Array(values)) => values,
            Some(other) => {
                self.note(key, format_args!("is {}: give a list", kind(other)));
                &[]
            }
        }
    }

    /// A list of texts; one text with commas does as well.
    pub(super) fn texts(&self, key: &str) -> Vec<&'a str> {
        if let Some(Value::String(text)) = self.value(key) {
            return text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        }
        let mut texts = Vec::new();
        for (index, value) in self.list(key).iter().enumerate() {
            match value {
                Value::String(text) => texts.push(text.trim()),
                other => {
                    self.note(&format!("{key}[{index}]"), format_args!("is {}: give a text", kind(other)))
                }
            }
        }
        texts
    }

    fn value(&self, key: &str) -> Option<&'a Value> {
        self.values?.get(key).filter(|value| match value {
            Value::Null => false,
            Value::String(text) => !text.trim().is_empty(),
            _ => true,
        })
    }

    fn accept<T, E: Display>(&self, key: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|problem| self.note(key, problem)).ok()
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wrong_type_is_named_by_its_path() {
        let findings = Findings::default();
        let value =
            json!({"sso": {"idp": 5, "on": "yes", "list": [1], "deep": "x"}, "t": 1000, "empty": " "});
        let section = Section::new(&value, "entry ", &findings);
        let sso = section.section("sso");
        assert_eq!(sso.text("idp"), None);
        assert!(!sso.flag("on"));
        assert!(sso.texts("list").is_empty());
        assert_eq!(sso.section("deep").text("anything"), None);
        assert_eq!(section.seconds("t", 0.5..=300.0), None);
        assert_eq!(section.required_text("empty", "fill it"), None);
        let problems: Vec<String> = findings.into_problems().iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "entry sso.idp: is a number: give a text",
                "entry sso.on: is a text: give true or false",
                "entry sso.list[0]: is a number: give a text",
                "entry sso.deep: is a text: give a table",
                "entry t: is not a number of seconds from 0.5 to 300",
                "entry empty: is missing: fill it",
            ]
        );
    }
}
