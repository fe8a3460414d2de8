//! Statements with as many rows or values as there are. The only place where SQL text is put together; nothing but
//! parameter numbers is ever put in.

use std::fmt::Write;

use sqlx::AssertSqlSafe;

/// A statement around a list of groups of parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bulk {
    /// Parameters in the head.
    pub(crate) fixed: usize,
    pub(crate) head: &'static str,
    /// Parameters of one group.
    pub(crate) width: usize,
    pub(crate) tail: &'static str,
}

/// How parameters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marks {
    /// `$1`, which every engine understands.
    Numbered,
    /// `?`, for SQLite: to it a number is a name, and it looks each name up among all others.
    Plain,
}

impl Bulk {
    /// The statement for `groups` groups: `head ($1, $2), ($3, $4) tail` when the head has no parameters. A head
    /// that has some wants numbers.
    pub(crate) fn of(self, groups: usize, marks: Marks) -> AssertSqlSafe<String> {
        let mut text = String::from(self.head);
        let mut parameter = self.fixed;
        for group in 0..groups {
            text.push_str(if group == 0 { " (" } else { ", (" });
            for column in 0..self.width {
                parameter += 1;
                let comma = if column == 0 { "" } else { ", " };
                let written = match marks {
                    Marks::Numbered => write!(text, "{comma}${parameter}"),
                    Marks::Plain => write!(text, "{comma}?"),
                };
                written.expect("memory takes every character");
            }
            text.push(')');
        }
        text.push(' ');
        text.push_str(self.tail);
        AssertSqlSafe(text)
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn parameters_are_numbered_through_or_plain() {
        let insert =
            Bulk { fixed: 0, head: "INSERT INTO t (a, b) VALUES", width: 2, tail: "ON CONFLICT DO NOTHING" };
        let numbered = insert.of(2, Marks::Numbered).0;
        assert_eq!(numbered, "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT DO NOTHING");
        let plain = insert.of(2, Marks::Plain).0;
        assert_eq!(plain, "INSERT INTO t (a, b) VALUES (?, ?), (?, ?) ON CONFLICT DO NOTHING");
    }
}
