use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use super::*;

/// A server on loopback that gives one answer to each connection, in order; the requests it saw.
async fn server(answers: Vec<Vec<u8>>) -> (String, JoinSet<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut seen = Vec::new();
        for answer in answers {
            let (mut peer, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                peer.read_buf(&mut request).await.unwrap();
            }
            seen.push(String::from_utf8(request).unwrap());
            peer.write_all(&answer).await.unwrap();
        }
        seen
    });
    (format!("http://{at}/update.raucb"), serving)
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    [head.as_bytes(), b"\r\n\r\n", body].concat()
}

async fn fetched(answers: Vec<Vec<u8>>) -> (anyhow::Result<()>, Option<Vec<u8>>, usize) {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("update.raucb");
    let (source, _serving) = server(answers).await;
    let done = fetch_after(Duration::ZERO, &source, &to, |_| {}).await;
    let left = std::fs::read_dir(dir.path()).unwrap().count();
    (done, std::fs::read(&to).ok(), left)
}

#[tokio::test]
async fn a_bundle_comes_whole_with_or_without_its_length_or_in_chunks() {
    let body = vec![7; 200_000];
    let chunked = [b"30d40\r\n", &body[..], b"\r\n0\r\n\r\n"].concat();
    for (head, sent) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 200000", &body),
        ("HTTP/1.0 200 OK", &body),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", &chunked),
    ] {
        let (done, file, left) = fetched(vec![answer(head, sent)]).await;
        done.unwrap();
        assert_eq!((file.as_ref(), left), (Some(&body), 1), "{head}");
    }
}

#[tokio::test]
async fn what_is_no_bundle_leaves_no_file() {
    for (given, said) in [
        (
            answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0", b""),
            "404",
        ),
        (
            answer("HTTP/1.1 200 OK\r\nContent-Length: 9999999999", b""),
            "too many",
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec(), "not HTTP"),
        (
            answer("HTTP/1.1 200 OK\r\nContent-Length: x", b""),
            "not HTTP",
        ),
        (
            answer("HTTP/1.1 206 Partial Content\r\nContent-Length: 1", b"x"),
            "another part",
        ),
    ] {
        let (done, file, left) = fetched(vec![given]).await;
        let why = format!("{:#}", done.unwrap_err());
        assert!(why.contains(said), "{why}");
        assert_eq!((file, left), (None, 0), "{said}");
    }
}

#[tokio::test]
async fn a_line_that_breaks_is_gone_on_with_from_where_it_broke() {
    let (source, serving) = server(vec![
        answer(
            "HTTP/1.1 200 OK\r\nETag: \"one\"\r\nContent-Length: 9",
            b"the ",
        ),
        answer("HTTP/1.1 503 Busy\r\nContent-Length: 0", b""),
        answer(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-8/9\r\nContent-Length: 5",
            b"whole",
        ),
    ])
    .await;
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("update.raucb");
    let mut percents = Vec::new();
    fetch_after(Duration::ZERO, &source, &to, |percent| {
        percents.push(percent)
    })
    .await
    .unwrap();
    assert_eq!(std::fs::read(&to).unwrap(), b"the whole");
    assert_eq!(percents, [44, 100]);
    let seen = serving.join_all().await.concat();
    let ranges: Vec<_> = seen
        .iter()
        .map(|request| request.to_lowercase().contains("range: bytes=4-"))
        .collect();
    assert_eq!(ranges, [false, true, true], "{seen:?}");
    assert!(seen[2].to_lowercase().contains("if-range: \"one\""));
}

#[tokio::test]
async fn what_came_before_the_box_went_dark_is_not_fetched_again() {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("update.raucb");
    let cut = || {
        let head =
            "HTTP/1.1 200 OK\r\nLast-Modified: Mon, 23 Nov 2026 00:00:00 GMT\r\nContent-Length: 9";
        answer(head, b"the ")
    };
    // A server that stays away after the first answer.
    let (source, serving) = server(vec![cut()]).await;
    let why = fetch_after(Duration::ZERO, &source, &to, |_| {})
        .await
        .unwrap_err();
    let why = format!("{why:#}");
    assert!(why.contains("4 bytes came and are kept"), "{why}");
    drop(serving);

    let listener = source.trim_start_matches("http://");
    let listener = TcpListener::bind(listener.split('/').next().unwrap())
        .await
        .unwrap();
    let serve = async {
        let (mut peer, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            peer.read_buf(&mut request).await.unwrap();
        }
        let rest = answer(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-8/9\r\nContent-Length: 5",
            b"whole",
        );
        peer.write_all(&rest).await.unwrap();
        String::from_utf8(request).unwrap().to_lowercase()
    };
    let (request, done) = tokio::join!(serve, fetch_after(Duration::ZERO, &source, &to, |_| {}));
    done.unwrap();
    assert!(request.contains("range: bytes=4-"), "{request}");
    assert_eq!(std::fs::read(&to).unwrap(), b"the whole");
}

#[tokio::test]
async fn a_bundle_that_changed_meanwhile_is_fetched_from_its_start() {
    let (done, file, _) = fetched(vec![
        answer(
            "HTTP/1.1 200 OK\r\nETag: \"one\"\r\nContent-Length: 9",
            b"the ",
        ),
        answer(
            "HTTP/1.1 200 OK\r\nETag: \"two\"\r\nContent-Length: 5",
            b"other",
        ),
    ])
    .await;
    done.unwrap();
    assert_eq!(file.as_deref(), Some(&b"other"[..]));
}

#[tokio::test]
async fn another_address_begins_its_own_file() {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("update.raucb");
    let mut first = Partial::of(&to, "http://one.example/a");
    let mut file = first.begin(Some("\"tag\"".into())).await.unwrap();
    file.write_all(b"abc").await.unwrap();
    file.sync_all().await.unwrap();
    let same = Partial::of(&to, "http://one.example/a");
    assert_eq!(same.rest(), Some((3, "\"tag\"")));
    assert_eq!(Partial::of(&to, "http://two.example/a").rest(), None);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn another_place_is_followed_but_not_for_ever() {
    let away = || answer("HTTP/1.1 302 Found\r\nLocation: /there", b"");
    let (done, file, _) = fetched(vec![away(), answer("HTTP/1.0 200 OK", b"x")]).await;
    done.unwrap();
    assert_eq!(file.as_deref(), Some(&b"x"[..]));
    let (done, ..) = fetched((0..9).map(|_| away()).collect()).await;
    assert!(
        done.unwrap_err()
            .to_string()
            .contains("from one place to another")
    );
}

#[test]
fn bad_addresses_say_how_to_write_them() {
    let at = address("http://[2001:db8::1]:8080").unwrap();
    assert_eq!((bare_host(&at), at.port_u16()), ("2001:db8::1", Some(8080)));
    for bad in [
        "ftp://x/",
        "http://",
        "http:///x",
        "http://a b/",
        "http://x:y/",
        "http://x/\r\nA: b",
        "https://name:secret@host/x",
    ] {
        let why = address(bad).unwrap_err().to_string();
        assert!(why.contains("hint:"), "{bad}: {why}");
    }
}
