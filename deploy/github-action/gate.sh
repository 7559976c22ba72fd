#!/bin/bash
# Base and head in one job: a worktree of the base beside the checkout, one run that asks both in turn, and its reports.
# Reads SUITE, BASE, REPORT and ARGUMENTS; works without GitHub, where it writes no outputs and no summary.
set -euo pipefail

mkdir -p "$REPORT"
against=()
if [ -n "${BASE:-}" ]; then
    git cat-file -e "$BASE^{commit}" 2>/dev/null || git fetch --quiet --no-tags --depth=1 origin "$BASE"
    commit=$(git rev-parse --verify --quiet "$BASE^{commit}" || git rev-parse FETCH_HEAD)
    worktree=$(mktemp -d)
    git worktree add --quiet --detach "$worktree/base" "$commit"
    trap 'git worktree remove --force "$worktree/base"; rmdir "$worktree"' EXIT
    against=(--against "$worktree/base")
fi

code=0
# shellcheck disable=SC2086 - arguments are meant to be several words
parapet eval run "$SUITE" "${against[@]}" ${ARGUMENTS:-} \
    --write "json=$REPORT/report.json" --write "md=$REPORT/report.md" \
    --write "html=$REPORT/report.html" --write "junit=$REPORT/junit.xml" -o github || code=$?

if [ -s "$REPORT/report.md" ]; then
    [ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$REPORT/report.md" >> "$GITHUB_STEP_SUMMARY"
    [ -z "${GITHUB_OUTPUT:-}" ] || echo "report=$REPORT" >> "$GITHUB_OUTPUT"
fi
if [ -n "${GITHUB_OUTPUT:-}" ]; then
    # The last step fails the job, after the comment is written.
    echo "exit-code=$code" >> "$GITHUB_OUTPUT"
    exit 0
fi
exit "$code"
