//! What an exercise may link with.
//!
//! There is nothing in here. Building this package builds the chapters and the few
//! libraries below it, and `lab exercise` links a learner's program with the results by
//! calling rustc itself: that takes a fraction of a second, where cargo would look at
//! the whole workspace first.
