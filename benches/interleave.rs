//! Times commands against each other, in one run and in random order.
//!
//! A machine is never equally fast for long: its clock, its caches and its neighbours
//! change within seconds, and one command leaves work for the kernel (a network
//! namespace to free, say) that slows down the next. Commands timed one after the
//! other measure those changes. So every round here runs each command once, in a new
//! random order, and what counts is each one's *median*, and its ratio to the others.
//!
//! ```text
//!   hot     c a b d   a d b c   b c d a …       back to back
//!   cold    c · a · b · d ·   a · d · b …       after a pause: caches and clock went down
//! ```
//!
//! Usage: `interleave ROUNDS PAUSE_MS REFERENCE < COMMANDS`, where each line of the
//! input has a name, a program and its arguments, with tabs between them. REFERENCE is
//! the name that the ratios refer to.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "somebody sits in front of it")]

use std::error::Error;
use std::fs::File;
use std::io::{self, Read};
use std::process::{Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What is timed, and how long it took.
struct Contender {
    place: usize,
    name: String,
    argv: Vec<String>,
    hot: Vec<Duration>,
    cold: Vec<Duration>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = std::env::args().collect();
    let [_, rounds, pause, reference] = args.as_slice() else {
        return Err("usage: interleave ROUNDS PAUSE_MS REFERENCE < COMMANDS".into());
    };
    let (rounds, pause) = (rounds.parse::<usize>()?, Duration::from_millis(pause.parse()?));
    let mut contenders: Vec<_> =
        io::read_to_string(io::stdin())?.lines().enumerate().filter_map(Contender::parse).collect();
    // Once for nothing: it fills the caches, and shows what does not work at all.
    contenders.retain(Contender::works);

    let mut random = Random::new()?;
    for _ in 0..rounds {
        random.shuffle(&mut contenders);
        for contender in &mut contenders {
            let time = contender.time()?;
            contender.hot.push(time);
        }
    }
    for _ in 0..rounds {
        random.shuffle(&mut contenders);
        for contender in &mut contenders {
            sleep(pause);
            let time = contender.time()?;
            contender.cold.push(time);
        }
    }
    print(&mut contenders, reference);
    Ok(())
}

impl Contender {
    fn parse((place, line): (usize, &str)) -> Option<Self> {
        let mut words = line.split('\t').map(str::to_owned);
        let name = words.next()?;
        let argv: Vec<_> = words.collect();
        (!argv.is_empty()).then(|| Self { place, name, argv, hot: Vec::new(), cold: Vec::new() })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.argv[0]);
        command.args(&self.argv[1..]).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    fn works(&self) -> bool {
        let (ended, errors) = match self.command().output() {
            Ok(output) => (output.status.success(), output.stderr),
            Err(error) => (false, error.to_string().into_bytes()),
        };
        if !ended {
            eprintln!("left out: {}: {}", self.name, String::from_utf8_lossy(&errors).trim());
        }
        ended
    }

    /// From before the fork to the status.
    fn time(&self) -> Result<Duration, Box<dyn Error>> {
        let mut command = self.command();
        command.stderr(Stdio::null());
        let start = Instant::now();
        let status = command.status()?;
        let time = start.elapsed();
        match status.success() {
            true => Ok(time),
            false => Err(format!("{}: {status}", self.name).into()),
        }
    }
}

/// Enough randomness for an order: xorshift, with a seed from the kernel.
struct Random(u64);

impl Random {
    fn new() -> io::Result<Self> {
        let mut seed = [0; 8];
        File::open("/dev/urandom")?.read_exact(&mut seed)?;
        // Zero would stay zero for ever.
        Ok(Self(u64::from_ne_bytes(seed) | 1))
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize % limit
    }

    /// Every order is equally likely: Fisher and Yates.
    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// The table, in the order of the input.
fn print(contenders: &mut [Contender], reference: &str) {
    contenders.sort_by_key(|contender| contender.place);
    let base = contenders.iter().find(|contender| contender.name == reference);
    let base = base.map(|base| (median(&base.hot), median(&base.cold)));
    println!("{:<28}{:>10}{:>8}{:>12}{:>8}", "", "hot, ms", "ratio", "cold, ms", "ratio");
    for Contender { name, hot, cold, .. } in contenders {
        let (hot, cold) = (median(hot), median(cold));
        let ratio = |time: Duration, base: Duration| time.as_secs_f64() / base.as_secs_f64();
        let ratios = base.map(|base| (ratio(hot, base.0), ratio(cold, base.1)));
        let [hot_ratio, cold_ratio] = match ratios {
            Some((hot, cold)) => [format!("{hot:.2}"), format!("{cold:.2}")],
            None => [String::new(), String::new()],
        };
        let (hot, cold) = (hot.as_secs_f64() * 1e3, cold.as_secs_f64() * 1e3);
        println!("{name:<28}{hot:>10.2}{hot_ratio:>8}{cold:>12.2}{cold_ratio:>8}");
    }
}

/// Half of the times are at most this.
fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
