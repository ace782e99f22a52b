//! A kept container beside all the rest: joined by others, entered, and left alone.

use std::fs;

use harness::kernel;

use super::{Keeper, STAYS};

#[test]
fn a_joined_container_is_found_again_after_its_restart() {
    let Some(keeper) = Keeper::new() else { return };
    let c1 = keeper.run("--name c1", STAYS);
    let c2 = keeper.run("--name c2 --pid container:c1 --ipc container:c1", STAYS);
    let same = |kind: &str| {
        let [one, two] = [&c1, &c2].map(|id| kernel::namespace(keeper.first(id), kind));
        assert_eq!(one, two, "{kind}");
    };
    same("pid");
    // With the first process of a PID namespace, all others end.
    keeper.docker("stop c1").ok();
    assert_eq!(keeper.until_exited("c2"), "Exited (137");
    let ran = keeper.docker("start c2");
    assert!(ran.code == 1 && ran.stderr.contains("the container c1 has ended"), "{ran:?}");
    assert_eq!(keeper.status("c2"), "Exited (125");
    keeper.docker("start c1 c2").ok();
    same("pid");
    same("ipc");
    keeper.docker("rm -f c1").ok();
    keeper.until_exited("c2");
    // Another one that is called so is another one.
    keeper.run("--name c1", STAYS);
    let ran = keeper.docker("start c2");
    assert!(ran.code == 1 && ran.stderr.contains("the container c1 has ended"), "{ran:?}");
}

#[test]
fn commands_of_other_chapters_find_a_kept_container() {
    let Some(keeper) = Keeper::new() else { return };
    keeper.run("--name web", STAYS);
    assert_eq!(
        keeper.lab(["exec", "web", "--", "sh", "-c", "echo $$ > /pid; echo in"]).ok(),
        "in\n"
    );
    let copy = keeper.state_dir().join("pid");
    keeper.lab(["cp", "web:/pid", copy.to_str().unwrap()]).ok();
    assert!(fs::read_to_string(&copy).unwrap().trim().parse::<u32>().is_ok());
    keeper.lab(["cp", copy.to_str().unwrap(), "web:/back"]).ok();
    assert!(keeper.lab(["view", "web"]).ok().contains("sleep"));
    // Ended, it is not entered.
    keeper.docker("stop web").ok();
    for command in ["exec", "view"] {
        let ran =
            keeper.lab([command, "web", "true"].iter().take(if command == "exec" { 3 } else { 2 }));
        assert!(ran.code != 0 && ran.stderr.contains("web"), "{ran:?}");
    }
    keeper.docker("start web").ok();
    let same = "read one < /pid; read other < /back; test $one = $other";
    assert_eq!(keeper.lab(["exec", "web", "--", "sh", "-c", same]).ok(), "");
}

#[test]
fn whoever_cleans_up_leaves_a_kept_container_alone() {
    let Some(keeper) = Keeper::new() else { return };
    let runs = keeper.run("--name runs", STAYS);
    keeper.run("--name ended", "echo x > /written; exit 3");
    keeper.docker("wait ended").ok();
    keeper.make("create", "--name created", &["true"]).ok();
    let first = keeper.first(&runs);
    assert_eq!(keeper.lab(["clean"]).ok(), "nothing to clean\n");
    for chapter in ["chapter-00", "chapter-03", "chapter-07", "chapter-09", "chapter-10"] {
        let network = if chapter == "chapter-07" { " --network none" } else { "" };
        keeper.sh(&format!("{chapter} --view none{network}"), "true").ok();
    }
    assert_eq!(keeper.lab(["clean"]).ok(), "nothing to clean\n");
    assert_eq!(keeper.first(&runs), first);
    assert!(kernel::is_alive(first));
    assert_eq!(keeper.status("ended"), "Exited (3");
    assert_eq!(keeper.status("created"), "Created");
    keeper.docker("start ended created").ok();
}
