package target

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// RequestTail is what follows the run's id in the X-Request-ID of a scenario's
// requests. It tells a target nothing: which scenario it stands for is known only to
// who has the seed, as a report has.
func RequestTail(seed, scenario string) string {
	mac := hmac.New(sha256.New, []byte(seed))
	_, _ = mac.Write([]byte("request " + scenario)) // a hash never fails
	return hex.EncodeToString(mac.Sum(nil)[:8])
}
