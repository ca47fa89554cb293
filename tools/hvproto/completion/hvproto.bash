# SPDX-License-Identifier: BSD-2-Clause
# Completion of hvproto for bash. Names come from the program itself.

_hvproto_names()
{
	# $1: a protocol, or nothing for the protocols
	if [ -n "$1" ]; then
		"${COMP_WORDS[0]}" spec "$1" 2>/dev/null |
			awk 'seen && NF > 4 { print $5 } $1 == "id" { seen = 1 }'
	else
		"${COMP_WORDS[0]}" spec 2>/dev/null | awk 'NF == 0 { exit } { print $1 }'
	fi
}

_hvproto_protocol()
{
	local i
	for ((i = 2; i + 1 < ${#COMP_WORDS[@]}; i++)); do
		case ${COMP_WORDS[i]} in
		-p | --protocol) echo "${COMP_WORDS[i + 1]}" ;;
		esac
	done
}

_hvproto_options()
{
	case $1 in
	decode) echo --protocol --message --direction --version --features --format --device --json --quiet --help ;;
	encode) echo --protocol --message --version --features --dump --raw --help ;;
	spec) echo --json --help ;;
	conformance)
		echo --suite --level --requirement --bug --shard --target --jobs --seed --no-shuffle \
			--timeout --no-fork --expected --suites --data --tap --junit --json --html \
			--trace --transcripts --as-json --quiet --verbose --help
		;;
	*) echo --help --version ;;
	esac
}

_hvproto()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} words=

	if [ "$COMP_CWORD" -eq 1 ]; then
		words="decode encode spec conformance $(_hvproto_options)"
	else
		case $prev in
		-p | --protocol) words=$(_hvproto_names) ;;
		-m | --message) words=$(_hvproto_names "$(_hvproto_protocol)") ;;
		-d | --direction) words="g2h h2g" ;;
		-V | --version) words="0.13 1.1 2.4 3.0 4.0 4.1 5.0 5.1 5.2 5.3 6.0 6.1" ;;
		-f | --format) words="raw hex trace" ;;
		--transcripts) words="full short auto" ;;
		-F | --features) words="all" ;;
		-D | --device) words="network" ;;
		-l | --level) words="must should quirk" ;;
		*)
			case $command/$cur in
			*/-*) words=$(_hvproto_options "$command") ;;
			spec/*) words="$(_hvproto_names) $(_hvproto_names vmbus)" ;;
			conformance/*) [ "$COMP_CWORD" -eq 2 ] && words="run list explain" ;;
			esac
			;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -o default -F _hvproto hvproto
