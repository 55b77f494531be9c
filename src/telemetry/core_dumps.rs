//! A core dump would hold everybody's names and keys in a file that nobody erases.

/// Leaves nothing of this process in a file when it crashes, and lets no other process of the same
/// user look into its memory (prctl(2), PR_SET_DUMPABLE). Returns whether the system agreed.
pub fn forbid_core_dumps() -> bool {
    let none = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `none` is a valid rlimit to be read; prctl takes numbers only. A core that is piped
    // to a program has no size limit: that is what the second is for.
    unsafe {
        libc::setrlimit(libc::RLIMIT_CORE, &none) == 0
            && libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) == 0
    }
}
