//! What the whole source keeps to, and what really leaves a process in which things go wrong.

mod faults;
mod source;
mod stub;
