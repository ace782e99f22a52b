//! More of the host's memory than is good for the others; in small measure.

use crate::attack::target::Attack;

/// What the attacker takes, where the limit is 16 MiB.
const BYTES: usize = 40 << 20;

pub const ATTACK: Attack = Attack {
    name: "memory",
    title: "take more memory than granted",
    tries: "use 40 MiB, where a user who cares has said `--memory 16m`.",
    why: "the cgroup's account is full at 16 MiB, and the kernel kills in this cgroup. Before \
          chapter 6 there is nobody who counts.",
    reference: "cgroups(7)",
    stopped_by: 6,
    run: |target| {
        let limit: &[&str] = if target.chapter.number < 6 { &[] } else { &["--memory", "16m"] };
        Ok(target.attack::<&str>(limit, &[])?.granted())
    },
    inside: |_| {
        // Not zeros: the kernel has one page of these for everybody.
        let bytes = std::hint::black_box(vec![0x6c_u8; BYTES]);
        Ok(format!("it uses {} MiB", bytes.len() >> 20))
    },
};
