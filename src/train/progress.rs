//! Where a run is: all that a resumed run must know beside weights and the optimizer's memory.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Counters and sums of a run in progress. Shuffles, dropout and mixup follow from the seed and these.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The phase, from 0.
    pub(super) phase: usize,
    /// Epochs finished in the phase.
    pub(super) phase_epochs: usize,
    /// Steps made in the phase.
    pub(super) phase_steps: usize,
    /// Epochs finished in the run.
    pub(super) epochs: usize,
    /// Steps made in the run.
    pub(super) steps: usize,
    /// Steps made in the epoch that is going on.
    pub(super) epoch_steps: usize,
    /// Sum of the losses of the rows seen in this epoch.
    pub(super) epoch_loss: Bits,
    /// Rows seen in this epoch.
    pub(super) epoch_rows: usize,
    /// Rows seen in the run.
    pub(super) rows: usize,
    /// Time spent in training steps, in seconds.
    pub(super) seconds: Bits,
}

/// A number that is written as its bits: what is read back is the same to the last one, infinities included.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Bits(pub(super) f64);

impl Serialize for Bits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0.to_bits())
    }
}

impl<'de> Deserialize<'de> for Bits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(f64::from_bits(u64::deserialize(deserializer)?)))
    }
}
