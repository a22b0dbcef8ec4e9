use tokio::net::TcpListener;

use super::*;

/// A server on loopback that gives one answer to each connection, in order.
async fn server(answers: Vec<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for answer in answers {
            let (mut peer, _) = listener.accept().await.unwrap();
            let mut request = [0; 512];
            let read = peer.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /"));
            peer.write_all(&answer).await.unwrap();
        }
    });
    format!("http://{at}/update.raucb")
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    [head.as_bytes(), b"\r\n\r\n", body].concat()
}

async fn fetched(answers: Vec<Vec<u8>>) -> (anyhow::Result<()>, Option<Vec<u8>>, usize) {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("update.raucb");
    let done = fetch(&server(answers).await, &to).await;
    let left = std::fs::read_dir(dir.path()).unwrap().count();
    (done, std::fs::read(&to).ok(), left)
}

#[tokio::test]
async fn a_bundle_comes_whole_with_or_without_its_length() {
    let body = vec![7; 200_000];
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Length: 200000",
        "HTTP/1.0 200 OK",
    ] {
        let (done, file, _) = fetched(vec![answer(head, &body)]).await;
        done.unwrap();
        assert_eq!(file.as_ref(), Some(&body));
    }
}

#[tokio::test]
async fn what_is_cut_short_or_not_there_leaves_no_file() {
    for (given, said) in [
        (
            answer("HTTP/1.1 200 OK\r\nContent-Length: 9", b"short"),
            "5 of 9",
        ),
        (answer("HTTP/1.1 404 Not Found", b""), "404"),
        (
            answer("HTTP/1.1 200 OK\r\nContent-Length: 9999999999", b""),
            "too many",
        ),
        (b"SSH-2.0\r\n".to_vec(), "not HTTP"),
        (
            answer("HTTP/1.1 200 OK\r\nContent-Length: x", b""),
            "not HTTP",
        ),
    ] {
        let (done, file, left) = fetched(vec![given]).await;
        let why = format!("{:#}", done.unwrap_err());
        assert!(why.contains(said), "{why}");
        assert_eq!((file, left), (None, 0));
    }
}

#[tokio::test]
async fn another_place_is_followed_but_not_for_ever() {
    let away = || answer("HTTP/1.1 302 Found\r\nLocation: /there", b"");
    let (done, file, _) = fetched(vec![away(), answer("HTTP/1.1 200 OK", b"x")]).await;
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
fn addresses_are_taken_apart_and_bad_ones_say_how_to_write_them() {
    let at = Address::parse("https://updates.example/a/b?c=1").unwrap();
    assert_eq!(
        (at.is_secure, at.host.as_str(), at.port),
        (true, "updates.example", 443)
    );
    assert_eq!(at.path, "/a/b?c=1");
    let six = Address::parse("http://[2001:db8::1]:8080").unwrap();
    assert_eq!(
        (six.host.as_str(), six.port, six.path.as_str()),
        ("2001:db8::1", 8080, "/")
    );
    for bad in [
        "ftp://x/",
        "http://",
        "http:///x",
        "http://a b/",
        "http://x:y/",
        "http://x/\r\nA: b",
    ] {
        let why = Address::parse(bad).unwrap_err().to_string();
        assert!(why.contains("hint:"), "{bad}: {why}");
    }
}
