//! What the system says of processes, and what it allows: `/proc`, CPU clocks, descriptors, cores.

pub(crate) mod cores;
pub(crate) mod descriptors;
pub(crate) mod process;
pub(crate) mod stop;
