#!/bin/sh
# Puts gzcc in the place of gzip, gunzip, zcat, pigz and unpigz, and the originals back.
#
# gzip is Essential, so each name must refer to a program that works at every instant, also if dpkg is killed. dpkg would
# leave the name free between two steps if it renamed the original (dpkg-divert --rename) or if this package contained the
# link. So the diversions only tell dpkg where to put files of gzip and pigz from now on. These functions change a name with
# a single rename over it, and each of them may be interrupted and repeated.
set -e

package=gzcc-as-gzip

# Calls $1 for each file: with the file, the place of its original, and the target of the link that takes the file's place.
for_each_file() {
    for name in gzip gunzip zcat pigz unpigz; do
        "$1" "$(directory_of "$name")/$name" "$name.distrib" "$(target_of "$name")"
        "$1" "/usr/share/man/man1/$name.1.gz" "$name.distrib.1.gz" "../../$package/man1/$name.1.gz"
    done
}

# Whether /bin is /usr/bin.
is_merged() {
    [ /bin -ef /usr/bin ]
}

directory_of() {
    case "$1" in
        gzip | gunzip | zcat) if is_merged; then echo /usr/bin; else echo /bin; fi ;;
        *) echo /usr/bin ;;
    esac
}

target_of() {
    if [ "$(directory_of "$1")" = /bin ]; then echo ../usr/bin/gzcc; else echo gzcc; fi
}

exists() {
    [ -e "$1" ] || [ -L "$1" ]
}

# Whether $1 is the link to $2 that divert makes.
is_our_link() {
    [ -L "$1" ] && [ "$(readlink "$1")" = "$2" ]
}

# All directories that dpkg may know $1 by. It compares paths as texts, and gzip moves from /bin to /usr/bin in an upgrade.
known_directories() {
    case "$1" in
        /bin | /usr/bin) if is_merged; then echo /bin /usr/bin; else echo "$1"; fi ;;
        *) echo "$1" ;;
    esac
}

# dpkg puts the file $1 under the name $2 in the same directory from now on.
add_diversion() {
    for directory in $(known_directories "${1%/*}"); do
        dpkg-divert --quiet --package "$package" --no-rename --divert "$directory/$2" --add "$directory/${1##*/}"
    done
}

remove_diversion() {
    for directory in $(known_directories "${1%/*}"); do
        dpkg-divert --quiet --package "$package" --no-rename --divert "$directory/$2" --remove "$directory/${1##*/}"
    done
}

# Whether a diversion of the file $1 is there, also if it is not complete.
is_diverted() {
    for directory in $(known_directories "${1%/*}"); do
        if [ "$(dpkg-divert --listpackage "$directory/${1##*/}")" = "$package" ]; then return 0; fi
    done
    return 1
}

# Replaces the file $1 by a link to $3, and keeps the file as $2.
divert() {
    original=${1%/*}/$2
    if exists "$original" && ! is_diverted "$1"; then
        echo "$package: $original exists; move it away" >&2
        return 1
    fi
    add_diversion "$1" "$2"
    # Manual pages may be excluded from the system.
    if is_our_link "$1" "$3" || ! [ -d "${1%/*}" ]; then return; fi
    if exists "$1" && ! exists "$original"; then
        # Under its temporary name, a copy may be incomplete.
        rm -f "$original.$package"
        ln -P "$1" "$original.$package" 2> /dev/null || cp -a "$1" "$original.$package"
        mv -fT "$original.$package" "$original"
    fi
    ln -sfT "$3" "$1.$package"
    mv -fT "$1.$package" "$1"
}

# Puts the original of $1, which is $2, back into its place.
restore() {
    if ! is_diverted "$1"; then return; fi
    original=${1%/*}/$2
    rm -f "$1.$package" "$original.$package"
    if is_our_link "$1" "$3" || ! exists "$1"; then
        if exists "$original"; then
            mv -fT "$original" "$1"
        elif is_essential "$1"; then
            echo "$package: $original is missing, and $1 would be too; reinstall gzip first" >&2
            return 1
        else
            rm -f "$1"
        fi
    elif [ "$1" -ef "$original" ]; then
        # Two names of one file: rename would leave both.
        rm "$original"
    elif exists "$original"; then
        echo "$package: $1 is neither gzcc nor $original; remove one of them" >&2
        return 1
    fi
    remove_diversion "$1" "$2"
}

is_essential() {
    case "$1" in
        */bin/gzip | */bin/gunzip | */bin/zcat) return 0 ;;
        *) return 1 ;;
    esac
}

