package dev.sluice.relay;

import dev.sluice.ledger.Entry;
import dev.sluice.wire.Money;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one line of the log that an ended call has: numbers and names, and nothing that was asked or answered. */
final class CallLine {
    private static final Logger log = LoggerFactory.getLogger("call");

    private CallLine() {}

    /** @param theirId the caller's own request id, which stands beside ours and is not trusted; null: none */
    static void write(Entry entry, @Nullable String theirId) {
        if (log.isInfoEnabled()) {
            log.info(text(entry, theirId));
        }
    }

    private static String text(Entry entry, @Nullable String theirId) {
        StringBuilder line = new StringBuilder(240)
                .append(entry.id())
                .append(' ')
                .append(entry.endpoint())
                .append(' ')
                .append(entry.model().isEmpty() ? "-" : Plain.text(entry.model()))
                .append(' ')
                .append(entry.status());
        if (entry.errorCode() != null) {
            line.append(' ').append(entry.errorCode());
        }
        line.append(" token=").append(entry.tokenId()).append(" channel=");
        if (entry.channelId() == null) {
            line.append('-');
        } else {
            line.append(entry.channelId().longValue());
        }
        line.append(" attempts=")
                .append(entry.attempts())
                .append(" tokens=")
                .append(entry.usage().prompt())
                .append('+')
                .append(entry.usage().completion())
                .append(entry.usage().estimated() ? " estimated" : "")
                .append(" usd=")
                .append(Money.text(entry.costNanos()))
                .append(" ms=")
                .append(entry.durationMs())
                .append(" from=")
                .append(entry.clientIp());
        if (theirId != null) {
            line.append(" their-id=").append(Plain.text(theirId));
        }
        return line.toString();
    }
}
