//! What a server wrote: its folder and its log, and what can be found in them.

use std::path::{Path, PathBuf};
use stereo::privacy::prove::Search;

/// A place for the data of a server in a process of its own, which logs beside them. Gone with the test.
pub(crate) struct Folder {
    root: tempfile::TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        Self { root }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// A place beside the data, gone with them.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Every file below, the log beside it too.
    fn files(&self) -> Vec<PathBuf> {
        fn below(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => below(&path, found),
                    false => found.push(path),
                }
            }
        }
        let mut found = Vec::new();
        below(self.root.path(), &mut found);
        found
    }

    /// The files that hold something.
    pub(crate) fn holding(&self, needle: &[u8]) -> Vec<String> {
        let holds = |path: &Path| {
            let bytes = std::fs::read(path)?;
            Ok(bytes.windows(needle.len()).any(|window| window == needle))
        };
        let looked = self.of_each_file(holds);
        let found = looked.into_iter().filter(|(_, holds)| *holds);
        found
            .map(|(path, _)| path.file_name().unwrap().to_string_lossy().into())
            .collect()
    }

    /// What is seen in each file. A server that runs replaces some by others: when one is gone
    /// before it was looked at, all are looked at again, for what was in it may be elsewhere.
    fn of_each_file<T>(&self, look: impl Fn(&Path) -> std::io::Result<T>) -> Vec<(PathBuf, T)> {
        let all = || {
            let files = self.files().into_iter();
            files
                .map(|path| look(&path).map(|seen| (path, seen)))
                .collect::<std::io::Result<Vec<_>>>()
        };
        loop {
            match all() {
                Ok(seen) => return seen,
                Err(gone) if gone.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// The files that hold a text, in whatever way it is written.
    pub(crate) fn saying(&self, texts: &[&str]) -> Vec<String> {
        let texts: Vec<String> = texts.iter().map(|text| text.to_string()).collect();
        let search = Search::new(&texts).unwrap();
        let mut found = Vec::new();
        for (path, place) in self.of_each_file(|path| search.file(path)) {
            for ((text, how), _) in place.found {
                found.push(format!("{} {how}: {}", texts[text], path.display()));
            }
        }
        found
    }

    /// The database, to be looked into.
    pub(crate) fn database(&self) -> rusqlite::Connection {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        rusqlite::Connection::open_with_flags(self.data().join("stereo.db"), flags).unwrap()
    }
}
