//! The figures against the training script's own, and odd phrases.

use super::*;

#[derive(serde::Deserialize)]
struct Vector {
    name: String,
    samples: Vec<i16>,
    features: Vec<f64>,
    probabilities: Vec<f32>,
}

fn models() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../models/emotion")
}

#[derive(serde::Deserialize)]
struct Vectors {
    labels: Vec<String>,
    vectors: Vec<Vector>,
}

fn vectors() -> Vectors {
    let text = std::fs::read_to_string(models().join("vectors.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn sound(samples: &[i16]) -> Vec<f32> {
    samples.iter().map(|s| f32::from(*s) / 32768.0).collect()
}

#[test]
fn the_figures_are_the_training_scripts() {
    for vector in vectors().vectors {
        let found = Features::new().of(&sound(&vector.samples));
        assert_eq!(vector.features.len(), COUNT);
        for (n, (found, wanted)) in found.iter().zip(&vector.features).enumerate() {
            let close = (found - wanted).abs() <= 1e-6 * wanted.abs().max(1.0);
            assert!(
                close,
                "{}: figure {n} is {found}, the script says {wanted}",
                vector.name
            );
        }
    }
}

#[test]
fn the_network_says_what_the_training_script_says() {
    let Vectors { labels, vectors } = vectors();
    let emotion = crate::emotion::Emotion::open(&models().join("emotion.onnx"), labels).unwrap();
    for vector in vectors {
        let found = emotion.part(&sound(&vector.samples)).unwrap();
        for (found, wanted) in found.iter().zip(&vector.probabilities) {
            assert!(
                (found - wanted).abs() < 1e-3,
                "{}: {found} is not {wanted}",
                vector.name
            );
        }
    }
}

#[test]
fn silence_and_crumbs_have_finite_figures() {
    for samples in [vec![], vec![0.5; 3], vec![0.0; 8000], vec![1.0; 300]] {
        assert!(
            Features::new()
                .of(&samples)
                .iter()
                .all(|figure| figure.is_finite())
        );
    }
}
