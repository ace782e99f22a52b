#!/bin/sh
# Makes a class of N submissions in DIR, to try `lab grade` on:
#
#   tests/classroom.sh 100 /tmp/class && lab grade /tmp/class/*
#
# Some have solved everything but the predictions, some a part, some have handed in wrong
# answers or nothing at all; one in five is up to something: see tests/hostile.
set -eu
count=$1 class=$2
lab=${LAB:-lab}
here=$(cd "$(dirname "$0")" && pwd)
course=${LAB_COURSE_DIR:-$(dirname "$here")/exercises}

# Copies an answer's files to where the learner would have written them.
hand_in() { # DIRECTORY-OF-THE-ANSWER EXERCISE SUBMISSION
    for file in "$1"/*; do
        case $file in
            *.rs) cp "$file" "$3/${2#"$course"/}/src/" ;;
            *prediction.toml) ;; # everybody's is another one
            *) cp "$file" "$3/${2#"$course"/}/" ;;
        esac
    done
}

# What somebody hands in who is up to something.
be_hostile() { # NUMBER SUBMISSION
    set -- "$1" "$2" "$2/03-mount-ns/pivot/src/pivot.rs" "$here"/hostile/*/*
    turn=$1 victim=$2 pivot=$3
    shift 3
    kind=$((turn % ($# + 5)))
    case $kind in
        0) rm -r "$victim/.lab" ;;
        1) ln -sf "$course/03-mount-ns/pivot/solution/pivot.rs" "$pivot" ;;
        2) rm "$pivot"; mkfifo "$pivot" ;;
        3) head -c 50000000 /dev/zero > "$pivot" ;;
        4) rm -r "$victim/03-mount-ns"; ln -s "$course/03-mount-ns" "$victim/03-mount-ns" ;;
        *)
            shift $((kind - 5))
            case $1 in
                *.rs) place=$pivot ;;
                *) place=$victim/04-uts-ipc/whose-name/answer.sh ;;
            esac
            sed "s|@COURSE@|$course|; s|@OTHER@|$class/000-solved|" "$1" > "$place"
            ;;
    esac
}

mkdir -p "$class"
number=0
while [ "$number" -lt "$count" ]; do
    case $((number % 5)) in
        0) what=solved ;;
        1) what=half ;;
        2) what=wrong ;;
        3) what=new ;;
        4) what=hostile ;;
    esac
    submission=$class/$(printf '%03d' "$number")-$what
    "$lab" exercise init --seed "$number" "$submission" > /dev/null
    place=0
    for exercise in "$course"/[0-9]*/*; do
        place=$((place + 1))
        case $what in
            solved) hand_in "$exercise/solution" "$exercise" "$submission" ;;
            half) [ $(((place + number) % 2)) = 0 ] ||
                hand_in "$exercise/solution" "$exercise" "$submission" ;;
            wrong)
                set -- "$exercise"/wrong/*
                shift $((number % $#))
                hand_in "$1" "$exercise" "$submission"
                ;;
        esac
    done
    [ $what != hostile ] || be_hostile $((number / 5)) "$submission"
    number=$((number + 1))
done
