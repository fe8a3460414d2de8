//! A phone fetches its settings over HTTPS with curl, and registers with the password that it finds there; every
//! vendor's files are read by Python's XML reader. Issue row "Provisioning", features BP-22 and CROCO-22.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;
use sip_tests::wire::{Block, Node, Sipp, Transport, node_path, until};

const PASSWORD: &str = "a-long-password-for-tests";
/// Each vendor with an address, a file of its settings, and one of its phonebook.
const VENDORS: [(&str, &str, &str); 5] = [
    ("polycom", "64167f000001", "64167f000001-tandem.cfg"),
    ("snom", "000413000001", "snomD735-000413000001.htm"),
    ("grandstream", "000b82000001", "cfg000b82000001.xml"),
    ("cisco_spa", "000e08000001", "spa000e08000001.xml"),
    ("softphone", "020000000001", "linphone.xml"),
];

fn provisioning() -> String {
    let mut text = format!(
        "[[user]]\nlogin = \"boss\"\nrole = \"admin\"\npassword = \"{PASSWORD}\"\n\
         [[station]]\nextension = \"1001\"\npassword = \"secret-1001\"\nname = \"Ana & <Bob> \\\"'\"\n\
         [[phonebook]]\nentry = \"taxi\"\nname = \"Taxi <&>\"\nnumbers = [\"+15550100\"]\n\
         [[phone]]\nmac = \"80:5e:c0:12:34:56\"\nvendor = \"yealink\"\nstations = [\"1001\"]\nkeys = [\"blf:1001=<&>\"]\n"
    );
    for (vendor, mac, _) in VENDORS {
        text.push_str(&format!(
            "[[phone]]\nmac = \"{mac}\"\nvendor = \"{vendor}\"\nstations = [\"1001\"]\n\
             keys = [\"line\", \"blf:1001=<&>\", \"speed:12\"]\ntime_zone = \"Europe/Madrid\"\nextra = [\"a.b = <&>\"]\n"
        ));
    }
    text
}

/// The status and body of a GET, as curl prints them; the node's own certificate is believed.
fn curl(node: &Node, url: &str) -> (String, String) {
    let output = Command::new("curl")
        .args(["-s", "-m", "5", "-w", "\n%{http_code}", "--cacert"])
        .arg(node.own_certificate())
        .arg(url)
        .output()
        .expect("curl is installed");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let (body, status) = text.rsplit_once('\n').expect("a status");
    (status.to_owned(), body.to_owned())
}

/// The phone's folder, as its page shows it, at the node's TLS listener.
fn folder(node: &Node, mac: &str) -> String {
    let told = node.api().get(&format!("/api/v1/phones/{mac}/provisioning")).expect("an answer");
    let told: Value = serde_json::from_str(&told.1).expect("JSON");
    let url = told["url"].as_str().expect("an address");
    assert!(url.starts_with(&format!("https://{}/provisioning/", node.https())), "{url}");
    url[..=url.rfind('/').expect("a folder")].to_owned()
}

fn is_well_formed(xml: &str) -> bool {
    let read = "import sys, xml.dom.minidom as d; d.parseString(sys.stdin.buffer.read())";
    let mut python = Command::new("python3")
        .args(["-c", read])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("Python is installed");
    python.stdin.take().expect("piped").write_all(xml.as_bytes()).expect("Python reads");
    python.wait().expect("our child").success()
}

#[test]
fn a_phone_registers_with_the_password_that_it_fetched_over_https() {
    let node = Node::start_https(Block::claim(), &provisioning());
    let folder = folder(&node, "805ec0123456");
    let (status, settings) = curl(&node, &format!("{folder}805ec0123456.cfg"));
    assert_eq!(status, "200", "{settings}");
    let value = |name: &str| {
        let line = settings.lines().find_map(|line| line.strip_prefix(&format!("account.1.{name} = ")));
        line.unwrap_or_else(|| panic!("{name} in\n{settings}")).to_owned()
    };
    let (login, password) = (value("auth_name"), value("password"));
    let server = format!("{}:{}", value("sip_server.1.address"), value("sip_server.1.port"));
    assert_eq!(server, node.sip().to_string());
    let sipp =
        Sipp::new("phone-registers.xml", node.block.folder(), node.block.at(12, 5_060), Transport::Udp);
    sipp.calls(1).from("1001").password(&login, &password).call(node.sip()).end();
    until("the registration", || {
        let listed = node.api().get("/api/v1/registrations").ok()?.1;
        let listed: Value = serde_json::from_str(&listed).ok()?;
        (listed["items"][0]["extension"] == "1001").then_some(())
    });
    let (status, _) = curl(
        &node,
        &format!("{}805ec0123456.cfg", folder.replace("/provisioning/805e", "/provisioning/805f")),
    );
    assert_eq!(status, "404");
    assert!(!node.log().contains(&password), "no secret in the log");
    assert!(!node.log().contains(folder.trim_end_matches('/').rsplit('/').next().expect("a secret")));
}

#[test]
fn what_every_vendor_is_sent_is_well_formed() {
    let node = Node::start_https(Block::claim(), &provisioning());
    for (vendor, mac, file) in VENDORS {
        let folder = folder(&node, mac);
        for file in [file, "phonebook.xml"] {
            let (status, text) = curl(&node, &format!("{folder}{file}"));
            assert_eq!(status, "200", "{vendor} {file}\n{text}");
            assert!(is_well_formed(&text), "{vendor} {file}\n{text}");
        }
    }
}

#[test]
fn phones_are_added_and_a_softphone_is_told_its_settings_on_their_page() {
    let node = Node::start(Block::claim(), &provisioning());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/browser/phones-page.mjs");
    let output = Command::new("timeout")
        .args(["-k", "2", "60", "node", script, &format!("http://{}", node.http()), "boss", PASSWORD])
        .env("TANDEM_TEST_NODE_PATH", node_path())
        .output()
        .expect("Node is installed, as sip-tests/run does");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
