//! The commands as a person runs them: on a stopped node and on a running one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

const PROVISIONING: &str = r#"
[[trunk]]
name = "carrier"
peer = "sip:127.0.0.30:5060"
[[user]]
login = "ana"
password = "correct horse"
[[station]]
extension = "1001"
user = "ana"
password = "s3cret"
"#;

/// A folder that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tandem-commands-{name}-{}", std::process::id()));
        std::fs::create_dir(&path).expect("a new folder");
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> &Self {
        std::fs::write(self.0.join(name), text).expect("written");
        self
    }

    fn tandem(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
        command.current_dir(&self.0).args(words);
        command
    }

    #[track_caller]
    fn run(&self, words: &[&str], code: i32) -> (String, String) {
        let output: Output = self.tandem(words).stdin(Stdio::null()).output().expect("it starts");
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{words:?}\n{out}\n{err}");
        (out, err)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// A node that runs in a folder.
struct Node {
    child: Child,
    said: Vec<String>,
}

impl Node {
    fn start(folder: &Folder) -> Self {
        Self::start_until(folder, "Ready")
    }

    /// Starts a node and reads what it says up to a line that begins so.
    fn start_until(folder: &Folder, last: &str) -> Self {
        Self::start_with(folder, last, "tandem")
    }

    fn start_with(folder: &Folder, last: &str, realm: &str) -> Self {
        let http = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
        let config = format!(
            "[sip]\nudp = [\"127.0.0.1:0\"]\ntcp = []\nrealm = \"{realm}\"\n[media]\nports = \"24000-24099\"\n[http]\nlisten = \"{http}\"\n"
        );
        folder.write("node.toml", &config);
        let mut command = folder.tandem(&["serve", "--config", "node.toml"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let mut said = Vec::new();
        for line in out.lines() {
            said.push(line.expect("text"));
            if said.last().is_some_and(|line| line.starts_with(last)) {
                break;
            }
        }
        Self { child, said }
    }

    fn stop(mut self) -> Option<i32> {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).expect("it runs");
        self.child.wait().expect("it ends").code()
    }
}

fn announced(folder: &Path) -> bool {
    folder.join("tandem-data/run.json").exists()
}

#[test]
fn provisioning_is_applied_once_on_a_stopped_node_and_comes_back_out() {
    let folder = Folder::new("stopped");
    folder.write("setup.toml", PROVISIONING);
    let (_, missing) = folder.run(&["export"], 2);
    assert!(missing.contains("tandem-data"), "{missing}");
    let (dry, _) = folder.run(&["apply", "--dry-run", "setup.toml"], 0);
    assert!(!folder.0.join("tandem-data").exists(), "a dry run writes nothing");
    let (first, _) = folder.run(&["apply", "setup.toml"], 0);
    assert_eq!(dry, first);
    assert_eq!(first, "+ trunk carrier\n+ user ana\n+ station 1001\n");
    let (again, note) = folder.run(&["apply", "setup.toml"], 0);
    assert_eq!((again.as_str(), note.as_str()), ("", "nothing to change\n"));
    let (plain, _) = folder.run(&["export"], 0);
    assert!(plain.contains("[[station]]") && !plain.contains("ha1"), "{plain}");
    let (whole, _) = folder.run(&["export", "--secrets"], 0);
    assert!(whole.contains("ha1_sha256") && whole.contains("$argon2id$"), "{whole}");
}

#[test]
fn a_wrong_file_is_refused_with_its_line_and_code_2() {
    let folder = Folder::new("wrong");
    folder
        .write("bad.toml", "\n[[station]]\nextension = \"1001\"\npassword = \"s3cret\"\nring_secs = 1000\n");
    folder.write("node.toml", "[sip]\nudpp = []\n");
    for command in ["check", "apply"] {
        let (_, error) = folder.run(&[command, "bad.toml"], 2);
        assert!(error.contains("bad.toml:5") && error.contains("ring_secs"), "{error}");
    }
    let (_, error) = folder.run(&["check", "node.toml"], 2);
    assert!(error.contains("node.toml:2") && error.contains("udpp"), "{error}");
    folder.run(&["serve", "--config", "node.toml"], 2);
    std::fs::write(folder.0.join("latin.toml"), b"[[station]]\nname = \"Jos\xe9\"\n").expect("written");
    for command in ["check", "apply"] {
        let (_, error) = folder.run(&[command, "latin.toml"], 2);
        assert!(error.contains("latin.toml:2: is not UTF-8"), "{error}");
    }
    folder.run(&["frobnicate"], 2);
}

#[test]
fn a_running_node_is_reached_through_its_data_folder() {
    let folder = Folder::new("running");
    folder
        .write("setup.toml", PROVISIONING)
        .write("bad.toml", "[[station]]\nextension = \"x\"\ncolour = 1\n");
    let node = Node::start(&folder);
    assert!(node.said.iter().any(|line| line.starts_with("Password: ")), "{:?}", node.said);
    assert!(announced(&folder.0));
    let (changes, _) = folder.run(&["apply", "setup.toml"], 0);
    assert_eq!(changes, "+ trunk carrier\n+ user ana\n+ station 1001\n");
    let (_, error) = folder.run(&["apply", "setup.toml", "bad.toml"], 2);
    assert!(error.contains("bad.toml:3") && error.contains("colour"), "{error}");
    let (exported, _) = folder.run(&["export"], 0);
    assert!(exported.contains("carrier"));
    let (token, _) = folder.run(&["token", "new", "ci", "--role", "admin"], 0);
    assert!(token.starts_with("tandem_"));
    let url = node.said.iter().find_map(|line| line.strip_prefix("Web panel: ")).expect("it says where");
    folder.run(&["export", "--url", url, "--token", token.trim()], 0);
    folder.run(&["export", "--url", url, "--token", "wrong"], 1);
    let mut password = folder.tandem(&["user", "password", "ana", "--password-stdin"]);
    let mut password = password.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    password.stdin.take().expect("piped").write_all(b"another horse\n").expect("read");
    assert!(password.wait().expect("it ends").success());
    folder.run(&["serve", "--config", "node.toml"], 1);
    assert_eq!(node.stop(), Some(0));
    assert!(!announced(&folder.0));
    let (exported, _) = folder.run(&["export"], 0);
    assert!(exported.contains("carrier"), "what was set up lasts");
}

#[test]
fn a_node_asked_to_end_while_it_starts_ends_in_order() {
    let folder = Folder::new("early");
    // The password of the first owner is told before anything listens.
    let node = Node::start_until(&folder, "Password: ");
    assert_eq!(node.stop(), Some(0));
    let again = Node::start(&folder);
    assert_eq!(again.stop(), Some(0));
    assert!(!announced(&folder.0));
}

#[test]
fn a_changed_realm_is_told_until_the_passwords_are_set_again() {
    const WARNING: &str = "warning: 1 station needs its password set again";
    let folder = Folder::new("realm");
    folder
        .write("setup.toml", PROVISIONING)
        .write("old.toml", "")
        .write("new.toml", "[sip]\nrealm = \"new\"\n");
    let say = |words: &[&str]| folder.run(words, 0).1;
    say(&["apply", "setup.toml"]);
    assert!(!say(&["check", "old.toml"]).contains("warning"));
    assert!(say(&["check", "new.toml"]).contains(WARNING));
    let node = Node::start(&folder);
    assert!(say(&["check", "new.toml"]).contains("every station's password must be set again"));
    assert!(!say(&["check", "node.toml"]).contains("warning"));
    assert_eq!(node.stop(), Some(0));

    let node = Node::start_with(&folder, "Ready", "new");
    let elsewhere = PROVISIONING.replace("1001", "1002");
    folder.write("elsewhere.toml", &elsewhere);
    assert!(say(&["apply", "elsewhere.toml"]).contains(WARNING));
    assert_eq!(node.stop(), Some(0));
    let stopped = ["apply", "--config", "node.toml"];
    assert!(say(&[&stopped[..], &["elsewhere.toml"]].concat()).contains(WARNING));
    assert!(!say(&[&stopped[..], &["setup.toml"]].concat()).contains("warning"));
    assert!(!say(&["check", "node.toml"]).contains("warning"));
    assert!(say(&["check", "old.toml"]).contains("2 stations need their passwords"));
}

#[test]
fn a_demo_gives_way_where_its_usual_web_port_is_taken_unless_it_was_asked_for() {
    const USUAL: &str = "127.0.0.1:8080";
    let folder = Folder::new("demo");
    let _taken = TcpListener::bind(USUAL); // fails when somebody else has it, which is as good
    let (_, error) = folder.run(&["demo", "--agents", "1", "--http", USUAL], 1);
    assert!(error.contains(USUAL), "{error}");
    let mut demo = folder.tandem(&["demo", "--agents", "1"]);
    let mut demo = demo.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let out = BufReader::new(demo.stdout.take().expect("piped"));
    let said: Vec<String> = out.lines().take(2).map(|line| line.expect("text")).collect();
    kill_process(Pid::from_child(&demo), Signal::KILL).expect("it runs");
    demo.wait().expect("it ends");
    assert!(said[0].starts_with("127.0.0.1:8080 is taken"), "{said:?}");
    assert!(said[1].starts_with("Web panel: http://127.0.0.1:") && !said[1].ends_with(":8080"), "{said:?}");
}

/// Issue 4: the demo plays, mixes, transcodes and records, and says how often.
#[test]
fn a_short_demo_has_heard_an_announcement_a_conference_and_what_was_recorded() {
    let folder = Folder::new("heard");
    let (said, _) = folder.run(&["demo", "--agents", "2", "--for", "6s", "--http", "127.0.0.1:0"], 0);
    let count = |what: &str| -> u64 {
        let line = said.lines().find_map(|line| line.trim_start().strip_prefix(what)).expect(what);
        line.split_whitespace().next().and_then(|count| count.parse().ok()).expect("a number")
    };
    assert_eq!((count("announcements heard"), count("mixed in conference")), (3, 3), "{said}");
    for what in ["audio both ways", "transcoded", "recordings", "both sides heard"] {
        assert!(count(what) > 0, "{what}: {said}");
    }
    assert_eq!(count("failed unexpectedly"), 0, "{said}");
}
