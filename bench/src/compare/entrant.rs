//! Who takes part in a comparison: servers that are started for each run, servers that run already,
//! and the floor.

use crate::failure::{Failure, Outcome};
use crate::net::address::Address;
use crate::profile::Profile;
use crate::system::cores::Cores;
use crate::target::{Binary, Target};
use std::path::PathBuf;

/// Somebody who takes part.
#[derive(Clone, Debug)]
pub(crate) struct Entrant {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    profile: Profile,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// The floor; it may gather so many events into one write.
    Floor(u64),
    /// A binary that is started anew for each run.
    Binary {
        path: PathBuf,
        config: Option<PathBuf>,
    },
    /// A server that runs.
    Running { address: String, ids: Vec<i32> },
}

/// How one run starts its server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Starting {
    pub(crate) cores: Option<Cores>,
    pub(crate) workers: Option<usize>,
    pub(crate) tls: bool,
}

impl Entrant {
    pub(crate) fn floor(gather: u64) -> Outcome<Self> {
        let name = match gather {
            1 => "floor".to_owned(),
            gather => format!("floor, {gather} a write"),
        };
        Ok(Self {
            name,
            kind: Kind::Floor(gather),
            profile: Profile::floor()?,
        })
    }

    /// Reads `target/release/stereo` or `PATH,name=NAME,profile=FILE,config=FILE`.
    pub(crate) fn binary(text: &str) -> Outcome<Self> {
        let (path, mut keys) = keys("--server", text, &["name", "profile", "config"])?;
        let path = PathBuf::from(path);
        if !path.is_file() {
            return Err(Failure::new(format!(
                "--server {}: there is no such file",
                path.display()
            )));
        }
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self {
            name: keys.take("name").unwrap_or_else(|| file.into_owned()),
            profile: profile(keys.take("profile"))?,
            kind: Kind::Binary {
                config: keys.take("config").map(PathBuf::from),
                path,
            },
        })
    }

    /// Reads `ws://127.0.0.1:9001` or `ADDRESS,name=NAME,pid=PID,profile=FILE`.
    pub(crate) fn running(text: &str) -> Outcome<Self> {
        let (address, mut keys) = keys("--address", text, &["name", "profile", "pid"])?;
        let wrong = |text: &str| {
            Failure::new(format!(
                "--address {address},pid={text}: expected the number of a process"
            ))
        };
        let ids = keys.take("pid").into_iter();
        let ids = ids.map(|text| text.parse().map_err(|_| wrong(&text)));
        Ok(Self {
            name: keys.take("name").unwrap_or_else(|| address.clone()),
            profile: profile(keys.take("profile"))?,
            kind: Kind::Running {
                ids: ids.collect::<Outcome<_>>()?,
                address,
            },
        })
    }

    pub(crate) fn is_floor(&self) -> bool {
        matches!(self.kind, Kind::Floor(_))
    }

    /// Whether its number of threads can be set.
    pub(crate) fn takes_workers(&self) -> bool {
        let named = |profile: &Profile| profile.server.as_ref()?.workers.clone();
        matches!(self.kind, Kind::Binary { .. }) && named(&self.profile).is_some()
    }

    /// Whether it can speak TLS, or not, as a case wants it.
    pub(crate) fn speaks(&self, tls: bool) -> bool {
        match &self.kind {
            Kind::Floor(_) => true,
            Kind::Binary { .. } => {
                let server = self.profile.server.as_ref();
                !tls || server.is_some_and(|server| server.certificate.is_some())
            }
            Kind::Running { address, .. } => {
                Address::parse(address).is_ok_and(|address| address.tls == tls)
            }
        }
    }

    /// Starts it, or says where it is.
    pub(crate) fn target(&self, starting: &Starting) -> Outcome<Target> {
        let binary = |path, config, arguments| Binary {
            path,
            config,
            arguments,
            tls: starting.tls,
            workers: starting.workers,
            cores: starting.cores.clone(),
        };
        let profile = self.profile.clone();
        let mut target = match &self.kind {
            Kind::Floor(gather) => {
                let mut arguments = vec!["--gather".to_owned(), gather.to_string()];
                arguments.extend(starting.tls.then(|| "--tls".to_owned()));
                let mut floor = binary(crate::own_path()?, None, arguments);
                floor.tls = false;
                Target::start(&floor, profile)?
            }
            Kind::Binary { path, config } => {
                Target::start(&binary(path.clone(), config.clone(), Vec::new()), profile)?
            }
            Kind::Running { address, ids } => Target::running(address, profile, ids)?,
        };
        target.name.clone_from(&self.name);
        Ok(target)
    }
}

fn profile(path: Option<String>) -> Outcome<Profile> {
    match path {
        Some(path) => Profile::read(&PathBuf::from(path)),
        None => Profile::stereo(),
    }
}

/// What follows the first comma, by key.
struct Keys(Vec<(String, String)>);

impl Keys {
    fn take(&mut self, key: &str) -> Option<String> {
        let place = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(place).1)
    }
}

fn keys(option: &str, text: &str, known: &[&str]) -> Outcome<(String, Keys)> {
    let mut parts = text.split(',');
    let first = parts.next().unwrap_or_default().to_owned();
    let mut keys = Vec::new();
    for part in parts {
        let pair = part.split_once('=').filter(|(key, _)| known.contains(key));
        let Some((key, value)) = pair else {
            let known = known.join("=, ");
            return Err(Failure::new(format!(
                "{option} {text}: expected {known}= behind the comma, not {part:?}"
            )));
        };
        keys.push((key.to_owned(), value.to_owned()));
    }
    Ok((first, Keys(keys)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entrants_are_read_with_what_is_said_of_them() {
        let running = Entrant::running("ws://h:1,name=uws,pid=7").unwrap();
        assert_eq!(running.name, "uws");
        let Kind::Running { address, ids } = running.kind else {
            panic!("running")
        };
        assert_eq!((address.as_str(), ids), ("ws://h:1", vec![7]));
        assert!(Entrant::floor(1).unwrap().is_floor());
    }

    #[test]
    fn mistakes_are_said() {
        let error = |text| Entrant::running(text).unwrap_err().to_string();
        assert!(error("ws://h:1,pdi=7").contains("expected name=, profile=, pid="));
        assert!(error("ws://h:1,pid=a").contains("number of a process"));
        let error = Entrant::binary("/nowhere/at-all").unwrap_err().to_string();
        assert!(error.contains("no such file"));
    }
}
