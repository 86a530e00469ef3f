package dev.sluice.notice;

import dev.sluice.wire.CallId;
import java.time.Clock;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Tells operators what they want to hear of, once: by a line in the log, and by the webhook where there is one. Never waits. */
@Component
public final class Notices {
    private static final Logger log = LoggerFactory.getLogger(Notices.class);

    private final Webhook webhook;
    private final Clock clock;

    Notices(Webhook webhook, Clock clock) {
        this.webhook = webhook;
        this.clock = clock;
    }

    /**
     * @param type what happened, such as {@code balance.low}
     * @param message one sentence for people
     * @param data the facts for programs; strings, booleans and numbers
     */
    public void tell(String type, String message, Map<String, Object> data) {
        log.warn(message);
        long now = clock.millis();
        webhook.send(new Notice(CallId.next(now), type, now, message, data));
    }
}
