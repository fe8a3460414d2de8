//! When two contact URIs are one contact.

/// The form by which contacts are compared: everything but the user part in lower case, the scheme's
/// default port left out, parameters in order. A light form of RFC 3261 §19.1.4.
pub(crate) fn key(uri: &str) -> String {
    let (scheme, rest) = uri.split_once(':').unwrap_or(("", uri));
    let scheme = scheme.to_ascii_lowercase();
    let (user, place) = match rest.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, rest),
    };
    let place = place.to_ascii_lowercase();
    let mut parts = place.split(';');
    let host = parts.next().unwrap_or_default();
    let default_port = if scheme == "sips" { ":5061" } else { ":5060" };
    let host = host.strip_suffix(default_port).unwrap_or(host);
    let mut parameters: Vec<&str> = parts.filter(|parameter| !parameter.is_empty()).collect();
    parameters.sort_unstable();
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    let tail: String = parameters.iter().map(|parameter| format!(";{parameter}")).collect();
    format!("{scheme}:{user}{host}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_of_the_host_and_order_of_parameters_do_not_matter_and_the_user_does() {
        let one = key("sip:Ana@PC33.example.com:5060;transport=TCP;ob");
        assert_eq!(one, key("SIP:Ana@pc33.EXAMPLE.com;ob;transport=tcp"));
        assert_ne!(one, key("sip:ana@pc33.example.com;ob;transport=tcp"));
        assert_ne!(key("sip:a@h:5062"), key("sip:a@h"));
        assert_eq!(key("sip:[2001:DB8::1]:5060"), "sip:[2001:db8::1]");
    }
}
