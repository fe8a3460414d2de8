//! A real PostgreSQL for as long as the test process lives.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use sqlx::{AssertSqlSafe, Connection, PgConnection};

const USER: &str = "postgres";

/// One server for the process. The shell that watches it holds the other end of our pipe: however this process
/// ends, the pipe closes, and the shell stops the server by its pid and removes its folder.
static SERVER: LazyLock<Server> = LazyLock::new(Server::start);

struct Server {
    port: u16,
    _watcher: Child,
}

/// Makes a database and returns its url.
pub(crate) async fn new_database(name: &str) -> String {
    let port = SERVER.port;
    let mut connection = PgConnection::connect(&format!("postgres://{USER}@127.0.0.1:{port}/postgres"))
        .await
        .expect("the server takes connections");
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut connection)
        .await
        .expect("a new database");
    connection.close().await.expect("an orderly end");
    format!("postgres://{USER}@127.0.0.1:{port}/{name}")
}

impl Server {
    fn start() -> Self {
        let bin = programs();
        let folder = std::env::temp_dir().join(format!("tandem-postgres-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder)); // of an earlier process with the same id
        fs::create_dir_all(&folder).expect("the temporary folder is writable");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("our folder");
        if is_root() {
            chown(&folder, Some(id_of_postgres("-u")), Some(id_of_postgres("-g")))
                .expect("root may give it away");
        }
        let data = folder.join("data");
        let mut initdb = as_postgres(&bin.join("initdb"));
        initdb.arg("-D").arg(&data).args([
            "-U",
            USER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        run(&mut initdb);
        let port = free_port();
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c fsync=off -c max_connections=200",
            folder.display()
        );
        let watcher = watch(&folder, &data);
        let mut start = as_postgres(&bin.join("pg_ctl"));
        start.arg("-D").arg(&data).args(["-w", "-t", "60", "-o", &options, "-l"]).arg(folder.join("log"));
        run(start.arg("start"));
        Self { port, _watcher: watcher }
    }
}

fn watch(folder: &Path, data: &Path) -> Child {
    let script = r#"read -r _
        pid=$(head -n 1 "$2/postmaster.pid" 2>/dev/null) && kill -INT "$pid"
        tries=0
        while [ -e "$2/postmaster.pid" ] && [ "$tries" -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
        rm -rf "$1""#;
    Command::new("sh")
        .args(["-c", script, "watcher"])
        .args([folder, data])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell to stop the server at the end")
}

/// The newest installed server's programs.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").exists() && bin.join("pg_ctl").exists())
        .collect();
    found.sort();
    let newest = found.pop();
    newest.expect("PostgreSQL is missing: install the Debian package postgresql, as sip-tests/run does").1
}

/// PostgreSQL refuses to run as root.
fn as_postgres(program: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", USER, "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/").stdin(Stdio::null());
    command
}

fn run(command: &mut Command) {
    // A server that is started keeps its descriptors: with pipes we would wait for it to end.
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("the program is there");
    assert!(status.success(), "{command:?} ended with {status}");
}

fn is_root() -> bool {
    id(&["-u"]) == 0
}

fn id_of_postgres(which: &str) -> u32 {
    id(&[which, USER])
}

fn id(arguments: &[&str]) -> u32 {
    let output = Command::new("id").args(arguments).output().expect("id is everywhere");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("the user is there")
}

fn free_port() -> u16 {
    let probe = TcpListener::bind("127.0.0.1:0").expect("a free port");
    probe.local_addr().expect("bound").port()
}
