//! Values as canonical XML writes them, so that what is written is what is digested.

/// A value as the content of an element.
pub(super) fn text(value: &str) -> String {
    escaped(value, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '\r' => Some("&#xD;"),
        _ => None,
    })
}

/// A value between the double quotes of an attribute. `>` stays: canonical XML does not escape it there.
pub(super) fn attribute(value: &str) -> String {
    escaped(value, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '"' => Some("&quot;"),
        '\t' => Some("&#x9;"),
        '\n' => Some("&#xA;"),
        '\r' => Some("&#xD;"),
        _ => None,
    })
}

/// Characters that XML 1.0 cannot carry at all become U+FFFD.
fn escaped(value: &str, escape: impl Fn(char) -> Option<&'static str>) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match (escape(c), c) {
            (Some(escape), _) => out.push_str(escape),
            (None, '\t' | '\n' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..) => out.push(c),
            (None, _) => out.push('\u{FFFD}'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_canonical_xml_writes_them() {
        assert_eq!(text("a & <b> \"c\" 'd'\t\r\n"), "a &amp; &lt;b&gt; \"c\" 'd'\t&#xD;\n");
        assert_eq!(attribute("a & <b> \"c\" 'd'\t\r\n"), "a &amp; &lt;b> &quot;c&quot; 'd'&#x9;&#xD;&#xA;");
        assert_eq!(text("a\u{0}b\u{1b}c\u{FFFE}d👋"), "a\u{FFFD}b\u{FFFD}c\u{FFFD}d👋");
    }
}
