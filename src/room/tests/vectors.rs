//! Vectors that both reducers must pass, out of seeded evenings. `STEREO_BLESS=1` writes them anew.

use super::random::evening;
use serde_json::json;
use std::path::Path;

#[test]
fn the_vectors_are_current() {
    for (name, seed) in [("evening-1", 1), ("evening-2", 2), ("evening-3", 3)] {
        let (snapshot, steps) = evening(seed, 160);
        assert!(steps.len() > 30, "{name} has {} events", steps.len());
        let last = steps.len() - 1;
        let steps = steps.iter().enumerate().map(|(place, (event, state))| {
            let shown = place % 12 == 0 || place == last;
            json!({"event": event, "state": if shown { json!(state) } else { json!(null) }})
        });
        let vector =
            json!({"chat_ring": 200, "snapshot": snapshot, "steps": steps.collect::<Vec<_>>()});
        let text = format!("{vector:#}\n");
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("protocol/vectors/{name}.json"));
        if std::env::var_os("STEREO_BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == text,
            "{} is not current: run with STEREO_BLESS=1",
            path.display()
        );
    }
}
