#!/bin/sh
# Makes the encrypted payloads of this directory with openssl, which shares no code with the package.
# Run it here: ./make.sh. Keys and ivs are fixed, so a second run changes nothing.
set -eu
cd "$(dirname "$0")"

app=wx0123456789abcdef
key1=$(printf 'menshen-test-k-1' | openssl base64 -A)
key2=$(printf 'menshen-test-k-2' | openssl base64 -A)
mark="\"watermark\":{\"timestamp\":1700000000,\"appid\":\"$app\"}"

hex() { openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n'; }

# seal NAME KEY IV [openssl enc options]: encrypts standard input into NAME.json.
seal() {
	name=$1 key=$2 iv=$(printf %s "$3" | openssl base64 -A)
	shift 3
	plain=$(openssl base64 -A)
	data=$(printf %s "$plain" | openssl base64 -d -A | openssl enc -aes-128-cbc "$@" \
		-K "$(printf %s "$key" | hex)" -iv "$(printf %s "$iv" | hex)" | openssl base64 -A)
	printf '{\n  "appid": "%s",\n  "session_key": "%s",\n  "iv": "%s",\n  "encryptedData": "%s",\n  "plaintext": "%s"\n}\n' \
		"$app" "$key" "$iv" "$data" "$plain" >"$name.json"
}

printf '{"openId":"oTest-1","nickName":"门神🚪","gender":1,"language":"zh_CN","city":"Suzhou","province":"Jiangsu","country":"CN","avatarUrl":"https://thirdwx.qlogo.cn/a/132","unionId":"uTest-1",%s}' "$mark" |
	seal profile "$key1" iv-profile-00001
printf '{"phoneNumber":"13800000000","purePhoneNumber":"13800000000","countryCode":86,%s}' "$mark" |
	seal phone "$key1" iv-phone-0000001
printf '{"stepInfoList":[{"timestamp":1699891200,"step":4096},{"timestamp":1699977600,"step":0}],%s}' "$mark" |
	seal werun "$key1" iv-werun-0000001
printf '{"openGId":"tGTest-1",%s}' "$mark" |
	seal share "$key2" iv-share-0000001

# One block is the smallest payload; sixteen bytes of JSON need a second block, all of it padding.
printf '{"a":"bcdefghi"}' | seal two-blocks "$key1" iv-two-blocks-01
printf '{}' | seal one-block "$key1" iv-one-block-001

# Padding that a lenient reader lets through: zero, more than a block, and bytes that differ.
printf '{"a":"bcdefghi"}' | seal no-padding "$key1" iv-no-padding-01 -nopad
printf '{"a":1}\1\1\1\1\1\1\1\1\0' | seal padding-zero "$key1" iv-padding-zero1 -nopad
printf '{"a":"bcdefgh"}\21\21\21\21\21\21\21\21\21\21\21\21\21\21\21\21\21' | seal padding-long "$key1" iv-padding-long1 -nopad
printf '{"a":1}  \7\7\7\6\7\7\7' | seal padding-uneven "$key1" iv-padding-unevn -nopad

# Under the right key and well padded, and still no UTF-8 JSON object.
printf '{"a":"\300\257"}' | seal not-utf8 "$key1" iv-not-utf8-0001
printf '[{"a":1}]' | seal not-object "$key1" iv-not-object-01
printf '{"a":1}{"a":1}' | seal two-objects "$key1" iv-two-objects-1
printf '{"openId":"oTest-1","openId":"oTest-2"}' | seal name-twice "$key1" iv-name-twice-01

# What wx.getUserInfo gives besides the profile: rawData and its signature under key1.
raw='{"nickName":"门神🚪","gender":1,"language":"zh_CN","city":"Suzhou","province":"Jiangsu","country":"CN","avatarUrl":"https://thirdwx.qlogo.cn/a/132"}'
printf %s "$raw" >rawdata.txt
printf '%s%s' "$raw" "$key1" | openssl dgst -sha1 -r | cut -d' ' -f1 >rawdata.sha1
