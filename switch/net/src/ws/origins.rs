//! Which web pages may open a WebSocket (RFC 6455 §10.2).

/// The origins that are allowed.
///
/// Only browsers send an origin, and only for browsers it is a protection: a page of somebody else must not speak
/// SIP in a visitor's name. Who sends none is no browser and is let in to prove itself as every phone has to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    allowed: Vec<String>,
}

impl Origins {
    /// Those listed, such as `https://pbx.example`; `*` is any. An empty list allows pages from the host that the
    /// WebSocket itself was asked for at, whatever their port, that came by HTTP or HTTPS.
    #[must_use]
    pub fn new(allowed: &[String]) -> Self {
        Self { allowed: allowed.iter().map(|origin| origin.to_ascii_lowercase()).collect() }
    }

    /// Whether a request with these headers may go on.
    pub(crate) fn allow(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        let origin = origin.to_ascii_lowercase();
        if self.allowed.is_empty() {
            let page = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            let page = page.map(without_port);
            return page.is_some() && page == host.map(str::to_ascii_lowercase).as_deref().map(without_port);
        }
        self.allowed.iter().any(|allowed| allowed == "*" || *allowed == origin)
    }
}

fn without_port(place: &str) -> &str {
    match place.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => host,
        Some(_) | None => place,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(list: &[&str], origin: Option<&str>, host: &str) -> bool {
        let list: Vec<String> = list.iter().map(|origin| (*origin).to_owned()).collect();
        Origins::new(&list).allow(origin, Some(host))
    }

    #[test]
    fn without_a_list_a_page_of_the_same_host_and_what_is_no_browser_are_allowed() {
        assert!(allows(&[], None, "pbx.example"));
        assert!(allows(&[], Some("https://PBX.example"), "pbx.example:8443"));
        assert!(allows(&[], Some("http://[2001:db8::1]:8080"), "[2001:db8::1]:8088"));
        for evil in ["https://evil.example", "null", "", "https://pbx.example.evil", "https://", "://"] {
            assert!(!allows(&[], Some(evil), "pbx.example"), "{evil}");
        }
        for scheme in ["file", "chrome-extension", "ftp", "httpss", "xhttp"] {
            assert!(!allows(&[], Some(&format!("{scheme}://pbx.example")), "pbx.example"), "{scheme}");
        }
        assert!(!Origins::default().allow(Some("https://a.example"), None));
    }

    #[test]
    fn a_list_is_exact_and_a_star_is_anybody() {
        let list = ["https://a.example", "https://b.example:8443"];
        assert!(allows(&list, Some("https://A.example"), "pbx.example"));
        assert!(allows(&list, Some("https://b.example:8443"), "pbx.example"));
        for evil in ["https://b.example", "http://a.example", "https://pbx.example", "null"] {
            assert!(!allows(&list, Some(evil), "pbx.example"), "{evil}");
        }
        assert!(allows(&["*"], Some("null"), "pbx.example"));
    }
}
