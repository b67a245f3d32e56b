//! What a browser sees in an answer: text, links, forms, and what the page does by itself.

use http::{HeaderMap, Method, StatusCode};
use scraper::{ElementRef, Html, Selector};
use url::Url;

/// An answer that arrived.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where it came from.
    pub url: Url,
    /// Its status.
    pub status: StatusCode,
    /// Its header fields.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
}

/// A link.
#[derive(Clone, Debug)]
pub struct Link {
    /// Where it leads.
    pub url: Url,
    /// The words to click.
    pub text: String,
}

/// A form, filled as far as the page and the person have filled it.
#[derive(Clone, Debug)]
pub struct Form {
    /// `GET` or `POST`.
    pub method: Method,
    /// Where it goes.
    pub action: Url,
    /// Its fields in document order.
    pub fields: Vec<Field>,
    /// Its buttons in document order.
    pub buttons: Vec<Field>,
}

/// A field or a button of a form.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its kind: `hidden`, `email`, `password`, `select`, …
    pub kind: String,
    /// Its value.
    pub value: String,
}

/// What a page does as soon as it is there.
#[derive(Clone, Debug)]
pub enum Deed {
    /// It submits its first form.
    Submit(Form),
    /// It goes elsewhere at once.
    Leave(Url),
}

impl Page {
    /// A header field as text, empty when it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The names of the cookies the answer sets.
    #[must_use]
    pub fn cookies_set(&self) -> Vec<&str> {
        let lines = self.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
        lines.filter_map(|line| line.split('=').next()).collect()
    }

    /// The body read as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The words on the page.
    #[must_use]
    pub fn text(&self) -> String {
        let html = self.html();
        let body = select(&html, "body").next();
        let words = body.iter().flat_map(|body| body.descendants()).filter_map(|node| {
            let silent = node.parent().and_then(ElementRef::wrap).is_some_and(|parent| {
                matches!(parent.value().name(), "script" | "style" | "noscript" | "template")
            });
            node.value().as_text().filter(|_| !silent).map(|text| text.to_string())
        });
        words.collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The reference a person may quote: the text of the first `code` element.
    #[must_use]
    pub fn reference(&self) -> Option<String> {
        select(&self.html(), "code").next().map(words)
    }

    /// The links in document order.
    #[must_use]
    pub fn links(&self) -> Vec<Link> {
        let html = self.html();
        let base = self.base(&html);
        let links = select(&html, "a[href]")
            .filter_map(|link| Some(Link { url: base.join(link.attr("href")?).ok()?, text: words(link) }));
        links.collect()
    }

    /// The forms in document order.
    #[must_use]
    pub fn forms(&self) -> Vec<Form> {
        let html = self.html();
        let base = self.base(&html);
        select(&html, "form").map(|form| self.form(&base, form)).collect()
    }

    /// What the page does by itself, with scripts on: an immediate refresh, or a form it submits on load.
    #[must_use]
    pub fn deed(&self) -> Option<Deed> {
        if let Some(target) = refresh(self.header("refresh")) {
            return self.url.join(&target).ok().map(Deed::Leave);
        }
        // Most pages lie still, and need not be read for that.
        let stirs = self.body.contains("submit()") || self.body.to_ascii_lowercase().contains("http-equiv");
        if !stirs || !self.header("content-type").starts_with("text/html") {
            return None;
        }
        let html = self.html();
        let refreshed = select(&html, "meta[http-equiv][content]")
            .filter(|meta| meta.attr("http-equiv").is_some_and(|name| name.eq_ignore_ascii_case("refresh")))
            .find_map(|meta| refresh(meta.attr("content")?));
        if let Some(target) = refreshed {
            return self.base(&html).join(&target).ok().map(Deed::Leave);
        }
        let on_load = select(&html, "body[onload]").filter_map(|body| body.attr("onload").map(str::to_owned));
        let scripts = select(&html, "script:not([src])").map(|script| script.inner_html());
        let submits = on_load.chain(scripts).any(|code| code.contains("submit()"));
        submits.then(|| self.forms().into_iter().next()).flatten().map(Deed::Submit)
    }

    fn html(&self) -> Html {
        Html::parse_document(&self.body)
    }

    fn base(&self, html: &Html) -> Url {
        let base = select(html, "base[href]").find_map(|base| self.url.join(base.attr("href")?).ok());
        base.unwrap_or_else(|| self.url.clone())
    }

    fn form(&self, base: &Url, form: ElementRef<'_>) -> Form {
        let action = form.attr("action").filter(|action| !action.is_empty());
        let posts = form.attr("method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
        let (mut fields, mut buttons) = (Vec::new(), Vec::new());
        let controls =
            select_in(form, "input, button, textarea, select").filter(|it| it.attr("disabled").is_none());
        for control in controls {
            let field = field(control);
            match field.kind.as_str() {
                "submit" | "image" => buttons.push(field),
                "button" | "reset" | "file" => {}
                "checkbox" | "radio" if control.attr("checked").is_none() => {}
                _ if field.name.is_empty() => {}
                _ => fields.push(field),
            }
        }
        Form {
            method: if posts { Method::POST } else { Method::GET },
            action: action.and_then(|action| base.join(action).ok()).unwrap_or_else(|| self.url.clone()),
            fields,
            buttons,
        }
    }
}

impl Form {
    /// Writes into the field of that name.
    ///
    /// # Panics
    ///
    /// When the form has no such field: a person could not write there either.
    #[must_use]
    pub fn fill(mut self, name: &str, value: &str) -> Self {
        let field = self.fields.iter_mut().find(|field| field.name == name);
        let field = field.unwrap_or_else(|| panic!("the form has no field `{name}`"));
        value.clone_into(&mut field.value);
        self
    }

    /// Writes into the first field of that kind, as [`Form::fill`] does.
    ///
    /// # Panics
    ///
    /// When the form has no such field.
    #[must_use]
    pub fn fill_kind(self, kind: &str, value: &str) -> Self {
        let field = self.fields.iter().find(|field| field.kind == kind);
        let name = field.unwrap_or_else(|| panic!("the form has no {kind} field")).name.clone();
        self.fill(&name, value)
    }

    /// Whether it has a field of that kind.
    #[must_use]
    pub fn asks_for(&self, kind: &str) -> bool {
        self.fields.iter().any(|field| field.kind == kind)
    }
}

fn field(control: ElementRef<'_>) -> Field {
    let attribute = |name| control.attr(name).unwrap_or_default();
    let kind = match (control.value().name(), attribute("type")) {
        ("textarea", _) => "textarea".to_owned(),
        ("select", _) => "select".to_owned(),
        ("button", "") => "submit".to_owned(),
        ("input", "") => "text".to_owned(),
        (_, kind) => kind.to_ascii_lowercase(),
    };
    let value = match kind.as_str() {
        "textarea" => control.text().collect(),
        "select" => chosen(control),
        "checkbox" | "radio" => control.attr("value").unwrap_or("on").to_owned(),
        "text" | "email" | "password" | "search" | "url" | "tel" => {
            attribute("value").replace(['\r', '\n'], "")
        }
        _ => attribute("value").to_owned(),
    };
    Field { name: attribute("name").to_owned(), kind, value }
}

fn chosen(control: ElementRef<'_>) -> String {
    let option =
        select_in(control, "option[selected]").next().or_else(|| select_in(control, "option").next());
    option.map(|option| option.attr("value").map_or_else(|| words(option), str::to_owned)).unwrap_or_default()
}

/// The target of a refresh that happens at once; a refresh that waits is left to the person.
fn refresh(content: &str) -> Option<String> {
    let (delay, target) = content.split_once([';', ','])?;
    let target = target.trim();
    let target = match target.get(..3) {
        Some(start) if start.eq_ignore_ascii_case("url") => {
            target[3..].trim_start().strip_prefix('=')?.trim()
        }
        _ => target,
    };
    (delay.trim() == "0").then(|| target.trim_matches(['\'', '"']).to_owned())
}

fn words(element: ElementRef<'_>) -> String {
    element.text().collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn select<'a>(html: &'a Html, selector: &str) -> impl Iterator<Item = ElementRef<'a>> {
    select_in(html.root_element(), selector)
}

fn select_in<'a>(element: ElementRef<'a>, selector: &str) -> impl Iterator<Item = ElementRef<'a>> {
    let selector = Selector::parse(selector).expect("the suite's own selectors parse");
    element.select(&selector).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(body: &str) -> Page {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "text/html; charset=utf-8".parse().unwrap());
        Page {
            url: Url::parse("http://127.0.0.1:4000/a/b?c=d").unwrap(),
            status: StatusCode::OK,
            headers,
            body: body.to_owned(),
        }
    }

    fn names(form: &Form) -> Vec<&str> {
        form.fields.iter().map(|field| field.name.as_str()).collect()
    }

    #[test]
    fn a_form_yields_its_successful_controls() {
        let forms = page(
            "<form method=POST action='/x'><input name=a value=1><input name=off type=checkbox>\
             <input name=on type=checkbox checked><textarea name=t>x</textarea>\
             <select name=s><option value=1>one<option value=2 selected>two</select>\
             <input name=gone disabled><input value=nameless><button name=b value=c>Go</button></form>",
        )
        .forms();
        assert_eq!(names(&forms[0]), ["a", "on", "t", "s"]);
        assert_eq!(forms[0].fields[3].value, "2");
        assert_eq!(forms[0].buttons[0].name, "b");
        assert_eq!(forms[0].action.as_str(), "http://127.0.0.1:4000/x");
    }

    #[test]
    fn a_form_without_action_goes_to_its_own_page() {
        assert_eq!(page("<form></form>").forms()[0].action.as_str(), "http://127.0.0.1:4000/a/b?c=d");
    }

    #[test]
    fn hidden_values_keep_their_line_breaks_and_text_fields_lose_them() {
        let forms =
            page("<form><input type=hidden name=h value='a\nb'><input name=t value='a\nb'></form>").forms();
        assert_eq!((forms[0].fields[0].value.as_str(), forms[0].fields[1].value.as_str()), ("a\nb", "ab"));
    }

    #[test]
    fn a_page_with_a_submit_on_load_submits_its_first_form() {
        let page = page("<body onload='document.forms[0].submit()'><form><input name=a></form></body>");
        assert!(matches!(page.deed(), Some(Deed::Submit(form)) if names(&form) == ["a"]));
    }

    #[test]
    fn a_script_that_submits_counts_too() {
        let page = page("<form><input name=a></form><script>document.forms[0].submit()</script>");
        assert!(matches!(page.deed(), Some(Deed::Submit(_))));
    }

    #[test]
    fn an_immediate_refresh_leaves_and_a_waiting_one_stays() {
        let at_once = page("<meta http-equiv=Refresh content=\"0; URL='/me'\">");
        assert!(matches!(at_once.deed(), Some(Deed::Leave(url)) if url.path() == "/me"));
        assert!(page("<meta http-equiv=refresh content='5; url=/me'>").deed().is_none());
    }

    #[test]
    fn a_quiet_page_does_nothing() {
        assert!(page("<form><input name=a></form><script>let a = 1;</script>").deed().is_none());
    }

    #[test]
    fn text_is_what_a_person_reads() {
        let page =
            page("<style>a{}</style><body><h1>Not  here</h1><script>x()</script><p>Ref <code>A1</code></p>");
        assert_eq!(page.text(), "Not here Ref A1");
        assert_eq!(page.reference().as_deref(), Some("A1"));
    }
}
