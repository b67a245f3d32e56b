//! What the headers of a request say, for all frameworks alike.

/// Whether a client would rather have JSON than a page, by its `Accept` header: the higher quality wins, then the
/// range that names the type more exactly, then the page.
#[must_use]
pub fn prefers_json(accept: &str) -> bool {
    preference(accept, "application/json") > preference(accept, "text/html")
}

/// Whether a form was posted from a page of the application itself; `header` gives a header of the request.
///
/// The session cookie is `SameSite=Lax`, so a form on another site arrives without it and stops at the guard. What
/// is left are other origins of the same site, such as another port of localhost or another subdomain: browsers say
/// so in `Sec-Fetch-Site`, older ones in `Origin`. A client that sends neither is no browser and carries nobody's
/// cookie but its own.
#[must_use]
pub fn is_own_form<'a>(header: impl Fn(&'static str) -> Option<&'a str>) -> bool {
    match (header("sec-fetch-site"), header("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == header("host")
        }
        (None, None) => true,
    }
}

/// Quality in thousandths, and how exactly the range that gave it names the type.
fn preference(accept: &str, wanted: &str) -> (u16, u8) {
    let kind = wanted.split('/').next().unwrap_or(wanted);
    let exactness = |range: &str| match range.split_once('/') {
        Some(_) if range.eq_ignore_ascii_case(wanted) => Some(3),
        Some((any, "*")) if any.eq_ignore_ascii_case(kind) => Some(2),
        Some(("*", "*")) => Some(1),
        _ => None,
    };
    let ranges = accept.split(',').filter_map(|part| {
        let mut fields = part.split(';').map(str::trim);
        let exactness = exactness(fields.next()?)?;
        Some((exactness, fields.find_map(quality).unwrap_or(1000)))
    });
    // The most exact range decides: "text/html;q=0, */*" asks for anything but HTML.
    let (exactness, quality) = ranges.max().unwrap_or((0, 0));
    if quality == 0 { (0, 0) } else { (quality, exactness) }
}

fn quality(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    let value: f32 = name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse().ok())??;
    // A cast from a float stops at the bounds; what is not a number becomes 0.
    Some((value.clamp(0.0, 1.0) * 1000.0) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_for_those_who_prefer_it() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        for page in ["", "*/*", "text/html", "text/*", "application/json, text/html", "image/png", browser] {
            assert!(!prefers_json(page), "{page}");
        }
        let script = "application/json, text/plain, */*";
        let scripts =
            [script, "application/json", "APPLICATION/JSON", "text/html;q=0.5, application/*;q=0.6"];
        for json in scripts.into_iter().chain(["application/json;q=0.1, text/html;q=0", "*/*, text/html;q=0"])
        {
            assert!(prefers_json(json), "{json}");
        }
    }

    #[test]
    fn a_broken_accept_header_asks_for_nothing_special() {
        for broken in [";;,,=", "/", "application/json;q=NaN", "application/json;q", ",application/json;q=-1"]
        {
            let _ = prefers_json(broken);
        }
        assert!(!prefers_json("application/json;q=NaN"));
    }

    #[test]
    fn a_form_of_another_origin_is_not_ours() {
        let posted = |site: Option<&'static str>, origin: Option<&'static str>| {
            is_own_form(|name| match name {
                "sec-fetch-site" => site,
                "origin" => origin,
                "host" => Some("localhost:3000"),
                _ => None,
            })
        };
        assert!(posted(Some("same-origin"), Some("http://localhost:3000")));
        assert!(posted(None, Some("http://localhost:3000")));
        assert!(posted(None, None));
        assert!(!posted(Some("same-site"), Some("http://localhost:3001")));
        assert!(!posted(Some("cross-site"), None));
        assert!(!posted(None, Some("http://localhost:3001")));
        assert!(!posted(None, Some("null")));
    }
}
