//! Our encoder against a real MiniLM: `TUNEBOOK_MINILM` names its folder (CI sets it).

use candle_core::Tensor;

use super::{Pass, Pretrained, TextEncoder, TokenBatch};

/// The encoder, or `None` with a message when this machine has no MiniLM.
fn minilm() -> Option<TextEncoder> {
    let Some(folder) = std::env::var_os("TUNEBOOK_MINILM") else {
        eprintln!("skipped: TUNEBOOK_MINILM does not name a folder with all-MiniLM-L6-v2");
        return None;
    };
    Some(TextEncoder::from_pretrained(Pretrained::folder(folder)).unwrap())
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn paraphrases_are_near_and_every_parameter_was_loaded() {
    let Some(encoder) = minilm() else { return };
    assert_eq!(encoder.load_report().loaded.len(), 5 + 6 * 16);
    let texts = [
        "How do I reset my password?",
        "I forgot my login credentials, please help.",
        "The cat sat on the warm windowsill in the afternoon sun.",
    ];
    let vectors = encoder.embed(&texts).unwrap().to_vec2::<f32>().unwrap();
    let (near, far) = (cosine(&vectors[0], &vectors[1]), cosine(&vectors[0], &vectors[2]));
    assert!(near > 0.5 && far < 0.15, "near {near}, far {far}");
}

/// Reference: the network written out in NumPy in double precision, on the same weights and token ids.
#[test]
fn vectors_agree_with_a_double_precision_reference() {
    const FIRST: [f32; 8] = [0.049_684, -0.453_606, -0.518_531, -0.233_888, -0.307_398, 0.506_91, 0.065_308, 0.110_896];
    let Some(encoder) = minilm() else { return };
    let vector = encoder.embed(&["How do I reset my password?"]).unwrap().to_vec2::<f32>().unwrap().remove(0);
    for (got, want) in vector.iter().zip(FIRST) {
        assert!((got - want).abs() < 5e-6, "{got} against {want}");
    }
    let norm = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
    assert!((norm - 7.197_428).abs() < 5e-5, "{norm}");
}

#[test]
fn padding_and_batching_do_not_change_a_vector() {
    let Some(encoder) = minilm() else { return };
    let texts = ["Short.", "A considerably longer sentence that makes the first one wait for it, token by token."];
    let together = encoder.embed(&texts).unwrap().to_vec2::<f32>().unwrap();
    let alone = encoder.embed(&texts[..1]).unwrap().to_vec2::<f32>().unwrap();
    for (a, b) in together[0].iter().zip(&alone[0]) {
        assert!((a - b).abs() < 1e-5, "{a} against {b}");
    }
}

#[test]
fn a_backward_pass_reaches_every_parameter() {
    let Some(encoder) = minilm() else { return };
    let ids = encoder.tokenizer().encode(&["The disk of my server is full."]).unwrap();
    let batch = TokenBatch::new(&[&ids[0]], encoder.tokenizer().pad_id()).unwrap();
    let loss = encoder.forward(&batch, &Pass::gradients()).unwrap().sqr().and_then(|t: Tensor| t.sum_all()).unwrap();
    let grads = loss.backward().unwrap();
    for parameter in encoder.store().all() {
        let grad = grads.get(parameter.var()).unwrap_or_else(|| panic!("no gradient for {}", parameter.name()));
        let norm = grad.sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap();
        assert!(norm.is_finite(), "{}: {norm}", parameter.name());
    }
}
