//! Provisioning files from disk.

use std::path::{Path, PathBuf};

use super::Failure;

/// Files with their texts, in the order given.
#[derive(Debug)]
pub(crate) struct Files(Vec<(String, String)>);

impl Files {
    /// Reads them.
    pub(crate) fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
        paths.iter().map(|path| read(path)).collect::<Result<_, _>>().map(Self)
    }

    /// Names and texts.
    pub(crate) fn texts(&self) -> Vec<(&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
    }

    /// All texts as one; each begins on a line of its own.
    pub(crate) fn joined(&self) -> String {
        self.0.iter().map(|(_, text)| format!("{text}\n")).collect()
    }

    /// `FILE:LINE` of a line, from 1, of the joined text.
    pub(crate) fn place(&self, line: usize) -> Option<String> {
        let mut before = 0;
        for (name, text) in &self.0 {
            let lines = text.matches('\n').count() + 1;
            if line <= before + lines {
                return line.checked_sub(before).map(|line| format!("{name}:{line}"));
            }
            before += lines;
        }
        None
    }
}

fn read(path: &Path) -> Result<(String, String), Failure> {
    let name = path.display().to_string();
    let text = text_of(path)?;
    Ok((name, text))
}

/// The text of a file; where it is no text, its line is named.
pub(crate) fn text_of(path: &Path) -> Result<String, Failure> {
    let name = path.display();
    let octets = std::fs::read(path).map_err(|error| Failure::input(format!("{name}: {error}")))?;
    String::from_utf8(octets).map_err(|error| {
        let good = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = good.filter(|octet| **octet == b'\n').count() + 1;
        Failure::input(format!("{name}:{line}: is not UTF-8"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_joined_text_leads_back_to_its_file() {
        let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let files = Files(vec![file("a.toml", "1\n2\n"), file("b.toml", "4"), file("c.toml", "5\n6")]);
        let joined = files.joined();
        let line_of = |what: &str| joined.lines().position(|line| line == what).expect("it is there") + 1;
        assert_eq!(files.place(line_of("2")).as_deref(), Some("a.toml:2"));
        assert_eq!(files.place(line_of("4")).as_deref(), Some("b.toml:1"));
        assert_eq!(files.place(line_of("6")).as_deref(), Some("c.toml:2"));
        assert_eq!(files.place(99), None);
    }
}
