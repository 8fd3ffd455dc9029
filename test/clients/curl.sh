#!/bin/bash
# The whole job by curl: curl.sh URL MODEL_ARCHIVE DATASET_ARCHIVE OUT, with the token in KNEEPOINT_TOKEN.
set -euo pipefail
url=$1 model_file=$2 dataset_file=$3 out=$4
here=$(cd "$(dirname "$0")" && pwd)

# Sends one operation of job.graphql; what the server says is wrong ends the script.
ask() { # operation, variables as JSON
  local answer
  answer=$(jq -n --rawfile query "$here/job.graphql" --arg name "$1" --argjson variables "$2" \
    '{ query: $query, operationName: $name, variables: $variables }' |
    curl --silent --show-error --fail-with-body "$url/graphql" \
      -H "authorization: Bearer $KNEEPOINT_TOKEN" -H 'content-type: application/json' --data @-)
  if jq -e '.errors // ([.data[] | objects | .userErrors // [] | .[]] | if length > 0 then . else null end)' <<<"$answer" >&2; then
    return 1
  fi
  jq '.data[]' <<<"$answer"
}

upload() { # file
  local created bytes sha256
  bytes=$(stat -c %s "$1")
  sha256=$(sha256sum "$1" | cut -d' ' -f1)
  created=$(ask CreateUpload "{ \"bytes\": $bytes }")
  # A file of gigabytes has several parts, each with an address of its own.
  jq -r '.upload.parts[] | [.offset, .bytes, .url] | @tsv' <<<"$created" | while IFS=$'\t' read -r offset length address; do
    tail -c "+$((offset + 1))" "$1" | head -c "$length" |
      curl --silent --show-error --fail -X PUT -H 'content-type: application/octet-stream' --data-binary @- "$address" >/dev/null
  done
  ask CompleteUpload "$(jq -n --argjson created "$created" --arg sha256 "$sha256" '{ id: $created.upload.id, $sha256 }')" >/dev/null
  echo "$sha256"
}

wait_for() { # what a launch answered
  local id state run
  id=$(jq -r .run.id <<<"$1")
  while :; do
    run=$(ask Run "{ \"id\": \"$id\" }")
    state=$(jq -r .state <<<"$run")
    case $state in
      SUCCEEDED) echo "$run"; return ;;
      FAILED | CANCELED | TIMED_OUT) echo "$state: $(jq -c .failure <<<"$run")" >&2; return 1 ;;
    esac
    sleep 1
  done
}

preprocess='{ "channels": "rgb", "range": [0, 1], "mean": [0.5], "std": [0.25] }'
model=$(wait_for "$(ask RegisterModel "$(jq -n --arg upload "$(upload "$model_file")" --argjson preprocess "$preprocess" \
  '{ input: { name: "curl", $upload, $preprocess } }')")" | jq -r .model.id)
dataset=$(wait_for "$(ask RegisterDataset "$(jq -n --arg upload "$(upload "$dataset_file")" \
  '{ input: { name: "curl", $upload } }')")" | jq -r .dataset.id)
run=$(wait_for "$(ask LaunchCompression "$(jq -n --arg model "$model" --arg dataset "$dataset" \
  '{ input: { $model, $dataset, plan: { task: "gender" }, targets: [{ kind: "MACS", remove: 0.5 }], arms: [] } }')")")
artifact=$(jq '.compressions.edges[0].node.model' <<<"$run")
curl --silent --show-error --fail "$(jq -r .downloadUrl <<<"$artifact")" -o "$out"
echo "$(jq -r .sha256 <<<"$artifact")  $out" | sha256sum --check --quiet
