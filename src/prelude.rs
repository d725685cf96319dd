//! Everything a lesson uses: `use tunebook::prelude::*;`.
