use std::path::Path;

use super::*;

fn file(text: &str) -> Result<NodeConfig, ConfigError> {
    NodeConfig::parse(Some((Path::new("tandem.toml"), text)), [])
}

fn complaint(text: &str) -> String {
    file(text).expect_err("a mistake").to_string()
}

fn env(name: &str, value: &str) -> Result<NodeConfig, ConfigError> {
    NodeConfig::parse(None, [(name.to_owned(), value.to_owned())])
}

#[test]
fn without_a_file_every_key_has_the_documented_default() {
    let config = NodeConfig::default();
    assert_eq!(config.sip.udp, ["0.0.0.0:5060".parse().unwrap()]);
    assert_eq!(config.sip.tcp, ["0.0.0.0:5060".parse().unwrap()]);
    assert_eq!(config.media.ports.to_string(), "10000-19999");
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.node.drain.as_secs(), 30);
    assert_eq!(config.store.url_in(Path::new("tandem-data")), "sqlite:tandem-data/tandem.db");
    assert_eq!(
        (config.limits.calls, config.limits.calls_per_sec, config.limits.registrations),
        (10_000, 500, 50_000)
    );
}

#[test]
fn the_documented_file_is_accepted() {
    let text = r#"
[node]
name = "tandem-1"
drain_secs = 30
[sip]
udp = ["0.0.0.0:5060"]
tcp = ["0.0.0.0:5060"]
tls = []
ws = []
wss = []
origins = []
external_ip = ""
edges = []
realm = "tandem"
user_agent = "Tandem"
session_expires = 1800
min_se = 90
[tls]
cert = ""
key = ""
ca = ""
[media]
ports = "10000-19999"
external_ip = ""
workers = 0
[http]
listen = "127.0.0.1:8080"
tls_listen = ""
public_url = ""
plain_provisioning = false
[store]
url = "sqlite:tandem-data/tandem.db"
[log]
level = "info"
format = "text"
[limits]
calls = 10000
calls_per_sec = 500
registrations = 50000
stranger_per_sec = 30
strangers_per_sec = 500
known_per_sec = 5000
[dns]
servers = []
"#;
    let config = file(text).expect("the documented file");
    let store = StoreConfig { url: None };
    assert_eq!(NodeConfig { store, ..config }, NodeConfig::default());
}

#[test]
fn edges_are_addresses_and_networks() {
    let config = file("[sip]\nedges = [\"192.0.2.10\", \"10.1.0.0/24\"]\n").expect("a good file");
    let edges: Vec<String> = config.sip.edges.iter().map(ToString::to_string).collect();
    assert_eq!(edges, ["192.0.2.10", "10.1.0.0/24"]);
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_keys_that_exist() {
    let said = complaint("[node]\nname = \"a\"\n\n[media]\nport = 7\n");
    assert_eq!(said, r#"tandem.toml:5: unknown key "port" in [media]; allowed: ports, workers, external_ip"#);
}

#[test]
fn an_unknown_section_is_named_with_the_sections_that_exist() {
    let said = complaint("[sipp]\nudp = []\n");
    assert!(
        said.starts_with(r#"tandem.toml:2: unknown section [sipp]; allowed: [dns], [http], [limits],"#),
        "{said}"
    );
}

#[test]
fn a_wrong_value_is_named_with_file_line_key_found_and_allowed() {
    let said = complaint("[sip]\nudp = [\"0.0.0.0\"]\n");
    let wanted = "tandem.toml:2: [sip] udp: found [\"0.0.0.0\"]; allowed: a list of addresses with ports";
    assert!(said.starts_with(wanted), "{said}");
    let said = complaint("[limits]\ncalls = 0\n");
    assert_eq!(said, "tandem.toml:2: [limits] calls: found 0; allowed: a whole number, 1 to 100000");
    let said = complaint("[log]\nformat = \"xml\"\n");
    assert_eq!(said, "tandem.toml:2: [log] format: found \"xml\"; allowed: text | json");
    let said = complaint("[media]\nports = \"20000-10000\"\n");
    assert!(said.contains("[media] ports: found \"20000-10000\"; allowed: a range"), "{said}");
}

#[test]
fn broken_toml_is_named_with_its_line() {
    let said = complaint("[sip]\nudp = [\n\n[node\n");
    assert!(said.starts_with("tandem.toml:4: "), "{said}");
    let said = complaint("sip = 4\n");
    assert!(said.starts_with("tandem.toml:1: "), "{said}");
}

#[test]
fn listeners_of_every_protocol_files_of_tls_and_origins_are_read() {
    let text = "[sip]\ntls = [\"0.0.0.0:5061\"]\nws = [\"0.0.0.0:8088\"]\nwss = \"0.0.0.0:8443\"\n\
                origins = [\"https://pbx.example\"]\n[tls]\ncert = \"a.pem\"\nkey = \"b.pem\"\nca = \"c.pem\"\n";
    let config = file(text).expect("valid");
    assert_eq!(config.sip.tls, ["0.0.0.0:5061".parse().unwrap()]);
    assert_eq!(config.sip.ws, ["0.0.0.0:8088".parse().unwrap()]);
    assert_eq!(config.sip.wss, ["0.0.0.0:8443".parse().unwrap()]);
    assert_eq!(config.sip.origins, ["https://pbx.example"]);
    assert_eq!(config.tls.ca.as_deref(), Some(Path::new("c.pem")));
    let said = complaint("[sip]\norigins = [\"pbx.example\"]\n");
    assert!(said.contains("[sip] origins: found"), "{said}");
}

#[test]
fn an_environment_variable_wins_over_the_file() {
    let text = "[sip]\nudp = [\"0.0.0.0:5060\"]\n";
    let variables = [
        ("TANDEM__SIP__UDP".to_owned(), "127.0.0.1:5070,[::1]:5070".to_owned()),
        ("TANDEM__LIMITS__CALLS".to_owned(), "7".to_owned()),
        ("TANDEM__SIP__TCP".to_owned(), "[]".to_owned()),
        ("TANDEM_OTHER".to_owned(), "x".to_owned()),
    ];
    let config = NodeConfig::parse(Some((Path::new("tandem.toml"), text)), variables).expect("valid");
    assert_eq!(config.sip.udp, ["127.0.0.1:5070".parse().unwrap(), "[::1]:5070".parse().unwrap()]);
    assert!(config.sip.tcp.is_empty());
    assert_eq!(config.limits.calls, 7);
}

#[test]
fn a_wrong_variable_is_named() {
    let said = env("TANDEM__SIP__UDPP", "x").expect_err("a mistake").to_string();
    assert!(
        said.starts_with("environment variable TANDEM__SIP__UDPP: unknown key \"udpp\" in [sip]"),
        "{said}"
    );
    let said = env("TANDEM__HTTP__LISTEN", "8080").expect_err("a mistake").to_string();
    assert!(
        said.starts_with("environment variable TANDEM__HTTP__LISTEN: [http] listen: found 8080"),
        "{said}"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let said =
        NodeConfig::load(Some(Path::new("/nowhere/tandem.toml")), []).expect_err("no file").to_string();
    assert!(said.starts_with("/nowhere/tandem.toml: cannot be read:"), "{said}");
}

#[test]
fn a_reload_says_what_needs_a_restart() {
    let mut changed = NodeConfig::default();
    assert!(changed.needs_restart(&NodeConfig::default()).is_empty());
    changed.log.level = LogLevel::Debug;
    changed.node.drain = std::time::Duration::from_secs(1);
    assert!(changed.needs_restart(&NodeConfig::default()).is_empty());
    changed.media.workers = 3;
    assert_eq!(changed.needs_restart(&NodeConfig::default()), ["[media]"]);
}
