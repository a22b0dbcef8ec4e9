use std::os::unix::net::{UnixListener, UnixStream as Blocking};
use std::thread;

use media::limits::FRAME;
use rtrb::RingBuffer;
use speech::wire::read_frame;

use super::*;
use crate::media_plane::TapFrame;

/// A pool that is served at `path`, and all that a test holds of it.
struct Held {
    taps: rtrb::Producer<TapFrame>,
    switches: mpsc::Sender<TapSwitch>,
    inputs: mpsc::Receiver<Input>,
    status: watch::Receiver<SpeechStatus>,
    pool: tokio::task::JoinHandle<()>,
}

fn pool(path: &Path) -> Held {
    let (taps, ring) = RingBuffer::new(64);
    let (switches, switched) = mpsc::channel(8);
    let (inputs, heard) = mpsc::channel(8);
    let (status, seen) = watch::channel(SpeechStatus::default());
    let pool = SpeechPool {
        speech: Speech::Socket(path.to_owned()),
        taps: TapReader::new(ring),
        switches: switched,
        inputs,
        status,
    };
    Held {
        taps,
        switches,
        inputs: heard,
        status: seen,
        pool: tokio::spawn(pool.run()),
    }
}

/// A worker by the protocol: ready, says a word for the first stream whose sound it gets, and goes.
fn one_word(worker: &mut Blocking) {
    let mut bytes = Vec::new();
    FromWorker::Ready {
        engine: "ear".into(),
        dialects: vec!["zh".into()],
    }
    .encode(&mut bytes);
    std::io::Write::write_all(worker, &bytes).unwrap();
    while let Ok(Some(frame)) = read_frame::<ToWorker>(worker) {
        if let ToWorker::Pcm {
            stream, samples, ..
        } = frame
        {
            assert_eq!(samples, [7; FRAME]);
            let mut bytes = Vec::new();
            FromWorker::Closed { stream }.encode(&mut bytes);
            std::io::Write::write_all(worker, &bytes).unwrap();
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_on_a_socket_is_fed_and_heard_and_one_that_goes_is_connected_to_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("speech.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let workers = thread::spawn(move || {
        for _ in 0..2 {
            one_word(&mut listener.accept().unwrap().0);
        }
    });
    let mut held = pool(&path);
    for round in 0..2 {
        let ready = held
            .status
            .wait_for(|now| now.engine == "ear" && now.restarts == round);
        ready.await.unwrap();
        let frame = TapFrame {
            stream: StreamId(5),
            seq: 0,
            samples: [7; FRAME],
        };
        held.taps.push(frame).unwrap();
        let told = held.inputs.recv().await;
        assert!(matches!(
            told,
            Some(Input::SpeechDone {
                stream: StreamId(5)
            })
        ));
    }
    workers.join().unwrap();
    drop(held.switches);
    held.pool.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_worker_without_its_models_says_why_on_the_socket_and_costs_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("speech.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let config = speech::worker::WorkerConfig {
        packs_dir: dir.path().join("packs"),
        manifest: dir.path().join("manifest.toml"),
        memory_cap_mb: SPEECH_MEMORY_MB,
    };
    let worker = thread::spawn(move || {
        let (input, _) = listener.accept().unwrap();
        let output = input.try_clone().unwrap();
        speech::worker::run(config, input, output).unwrap_err()
    });
    let mut held = pool(&path);
    held.status.wait_for(|now| now.restarts == 1).await.unwrap();
    assert!(worker.join().unwrap().to_string().contains("manifest.toml"));
    held.pool.abort();
}
