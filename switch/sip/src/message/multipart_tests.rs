use super::*;

const MIXED: &str = "multipart/mixed;boundary=b";

fn bodies(kind: &str, body: &str) -> Result<Vec<(String, String)>, BadMultipart> {
    let found = parts(kind, body.as_bytes())?;
    let text = |part: &Part<'_>| (part.content_type.clone(), String::from_utf8_lossy(part.body).into_owned());
    Ok(found.iter().map(text).collect())
}

fn list(expected: &[(&str, &str)]) -> Result<Vec<(String, String)>, BadMultipart> {
    Ok(expected.iter().map(|(kind, body)| ((*kind).to_owned(), (*body).to_owned())).collect())
}

#[test]
fn parts_are_found_with_their_types_between_preamble_and_epilogue() {
    let body = "preamble\r\n--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n--b  \r\n\r\nplain\r\n--b--\r\nepilogue\r\n--b\r\n";
    assert_eq!(bodies(MIXED, body), list(&[("application/sdp", "v=0\r\n"), ("text/plain", "plain")]));
    let folded =
        "--b\r\nContent-Type:\r\n application/sdp;\r\n\tx=y\r\nContent-ID: <a@h>\r\n\r\nv=0\r\n--b--";
    let found = parts("Multipart/Mixed; boundary=\"b\"", folded.as_bytes()).unwrap();
    assert!(found[0].is("application/sdp") && found[0].whole.starts_with(b"Content-Type"));
}

/// Conformance §8, AST-2017-003.
#[test]
fn empty_parts_are_parts() {
    for empty in ["--b\r\n--b--", "--b\r\n\r\n--b--", "--b\r\n\r\n\r\n--b--\r\n", "--b\n\n--b--"] {
        assert_eq!(bodies(MIXED, empty), list(&[("text/plain", "")]), "{empty:?}");
    }
    let headed = "--b\r\nContent-Type: application/sdp\r\n--b--";
    assert_eq!(bodies(MIXED, headed), list(&[("application/sdp", "")]));
}

#[test]
fn a_boundary_ends_its_line_and_begins_it() {
    let body = "--b\r\n\r\nx--b--\r\n--bc\r\n--b--";
    assert_eq!(bodies(MIXED, body), list(&[("text/plain", "x--b--\r\n--bc")]));
    for (kind, fault) in [
        ("multipart/mixed", BadMultipart::Boundary),
        ("multipart/mixed;boundary=", BadMultipart::Boundary),
        ("multipart/mixed;boundary=\"a \"", BadMultipart::Boundary),
        ("multipart/mixed;boundary=other", BadMultipart::Open),
    ] {
        assert_eq!(bodies(kind, "--b\r\n\r\nx\r\n--b--"), Err(fault), "{kind}");
    }
    for open in ["", "--b", "--b\r\n", "--b\r\n\r\nx", "--b\r\n\r\nx\r\n--b", "--b\r\n\r\nx\r\n--bc--"] {
        assert_eq!(bodies(MIXED, open), Err(BadMultipart::Open), "{open:?}");
    }
    assert_eq!(bodies(MIXED, "--b--"), list(&[]));
}

/// Conformance S10.
#[test]
fn depth_and_number_are_bounded() {
    let many = |count: usize| "--b\r\n\r\nx\r\n".repeat(count) + "--b--";
    assert_eq!(bodies(MIXED, &many(BODY_PARTS)).unwrap().len(), BODY_PARTS);
    assert_eq!(bodies(MIXED, &many(BODY_PARTS + 1)), Err(BadMultipart::TooMany));
    let deep = |depth: usize| {
        (0..depth).rev().fold("x".to_owned(), |inner, at| {
            let kind = if at + 1 == depth {
                "text/plain".to_owned()
            } else {
                format!("multipart/mixed;boundary=b{}", at + 1)
            };
            format!("--b{at}\r\nContent-Type: {kind}\r\n\r\n{inner}\r\n--b{at}--")
        })
    };
    assert_eq!(bodies("multipart/mixed;boundary=b0", &deep(BODY_DEPTH)), list(&[("text/plain", "x")]));
    assert_eq!(bodies("multipart/mixed;boundary=b0", &deep(BODY_DEPTH + 1)), Err(BadMultipart::TooMany));
}

#[test]
fn choices_packings_and_what_must_be_understood_are_told() {
    let body = "--b\r\nContent-Disposition: signal ; Handling=REQUIRED\r\nContent-Encoding: gzip\r\n\r\nx\r\n\
                --b\r\nContent-Type: multipart/alternative;boundary=c\r\nContent-Transfer-Encoding: binary\r\n\r\n\
                --c\r\n\r\none\r\n--c\r\n\r\ntwo\r\n--c--\r\n--b--";
    let found = parts(MIXED, body.as_bytes()).unwrap();
    assert!(found[0].is_required() && !found[1].is_required());
    assert_eq!(found[0].encoding.as_deref(), Some("gzip"));
    assert_eq!(found.iter().map(|part| part.choice).collect::<Vec<_>>(), [0, 1, 1]);
}

#[test]
fn any_octets_are_read_without_harm() {
    let pieces: [&[u8]; 9] = [
        b"--b",
        b"--b--",
        b"\r\n",
        b"\n",
        b"--",
        b"\xff",
        b"Content-Type: multipart/mixed;boundary=b\r\n",
        b" ",
        b"-",
    ];
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let mut body = Vec::new();
        for _ in 0..12 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            body.extend_from_slice(pieces[usize::try_from(state >> 33).unwrap() % pieces.len()]);
        }
        if let Ok(found) = parts(MIXED, &body) {
            assert!(found.len() <= BODY_PARTS);
        }
    }
}
