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
//! Some commands have two speeds, as when they wait for the kernel now and then; so each
//! one's best tenth is told as well: one time in ten is at most that.
//!
//! Usage: `interleave ROUNDS PAUSE_MS TIMES REFERENCE… < COMMANDS`, where each line of the
//! input has a name, a program and its arguments, with tabs between them. A pause of 0
//! leaves the cold rounds out. A REFERENCE is the name of one, and gives a column with the
//! ratios of all medians to its median; or, as `NAME/tenth`, to its best tenth. For other
//! programs, the file TIMES gets a line each: hot or cold, name, median and best tenth in
//! microseconds, with tabs between.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "somebody sits in front of it")]

use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};
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
    let [_, rounds, pause, times, references @ ..] = args.as_slice() else {
        return Err("usage: interleave ROUNDS PAUSE_MS TIMES REFERENCE… < COMMANDS".into());
    };
    let mut times = File::create(times)?;
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
    let cold_rounds = if pause.is_zero() { 0 } else { rounds };
    for _ in 0..cold_rounds {
        random.shuffle(&mut contenders);
        for contender in &mut contenders {
            sleep(pause);
            let time = contender.time()?;
            contender.cold.push(time);
        }
    }
    contenders.sort_by_key(|contender| contender.place);
    let hot: fn(&Contender) -> &[Duration] = |contender| &contender.hot;
    let cold: fn(&Contender) -> &[Duration] = |contender| &contender.cold;
    let tables = [("hot", hot), ("cold", cold)];
    for (title, of) in &tables[..if cold_rounds == 0 { 1 } else { 2 }] {
        print(title, &contenders, references, *of);
        for contender in &contenders {
            let [median, tenth] = [MEDIAN, TENTH].map(|share| fastest(of(contender), share) * 1e6);
            writeln!(times, "{title}\t{}\t{median:.0}\t{tenth:.0}", contender.name)?;
        }
    }
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
        if status.success() { Ok(time) } else { Err(format!("{}: {status}", self.name).into()) }
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

/// How many times there are to one that is at most the median, or the best tenth.
const MEDIAN: usize = 2;
const TENTH: usize = 10;

/// A table, in the order of the input, with a column for each reference.
fn print(
    title: &str,
    contenders: &[Contender],
    references: &[String],
    times: fn(&Contender) -> &[Duration],
) {
    print!("{title:<28}{:>10}{:>10}", "ms", "tenth");
    let mut columns = Vec::new();
    for reference in references {
        let (name, share) = match reference.strip_suffix("/tenth") {
            Some(name) => (name, TENTH),
            None => (reference.as_str(), MEDIAN),
        };
        // One that was left out has no column.
        if let Some(contender) = contenders.iter().find(|contender| contender.name == name) {
            let heading = format!("  × {reference}");
            print!("{heading:>10}");
            columns.push((heading.chars().count().max(10), fastest(times(contender), share)));
        }
    }
    println!();
    for contender in contenders {
        let [median, tenth] = [MEDIAN, TENTH].map(|share| fastest(times(contender), share));
        print!("{:<28}{:>10.2}{:>10.2}", contender.name, median * 1e3, tenth * 1e3);
        for (width, base) in &columns {
            print!("{:>width$.2}", median / base);
        }
        println!();
    }
}

/// One in `share` of the times is at most this, in seconds.
fn fastest(times: &[Duration], share: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / share).copied().unwrap_or_default().as_secs_f64()
}
