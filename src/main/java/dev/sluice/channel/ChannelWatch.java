package dev.sluice.channel;

import dev.sluice.notice.Notices;
import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Reply;
import dev.sluice.vendor.Upstream;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/**
 * The look at channels that no call makes: those that are out are asked now and then for their list of models, which
 * costs nothing, so that they come back without a caller's help; and operators are told who went out and who came back.
 */
@Component
final class ChannelWatch {
    /** Until the third failure or a vendor's bad second is past nobody wants to be woken. */
    static final Duration OUT_FOR = Duration.ofSeconds(10);

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Channels channels;
    private final ChannelSettings settings;
    private final Notices notices;
    private final Clock clock;
    private final Map<Long, Out> out = new HashMap<>(); // by channel; only the scheduler's thread comes here

    /** Since when a channel takes no calls, and whether that was told. */
    private record Out(long since, boolean told) {}

    ChannelWatch(Channels channels, ChannelSettings settings, Notices notices, Clock clock) {
        this.channels = channels;
        this.settings = settings;
        this.notices = notices;
        this.clock = clock;
    }

    @Scheduled(fixedDelay = 500)
    void look() {
        long now = clock.millis();
        Map<Long, Live> all = channels.lives();
        out.keySet().removeIf(id -> !all.containsKey(id));
        all.forEach((id, live) -> {
            if (live.channel().enabled()) {
                notice(live, now);
                if (!settings.probe().isZero()) {
                    probe(live, now);
                }
            } else {
                out.remove(id);
            }
        });
    }

    private void notice(Live live, long now) {
        Channel channel = live.channel();
        Channels.HealthView view = live.view(now);
        Out before = out.get(channel.id());
        if (view.state().equals("ok")) {
            out.remove(channel.id());
            if (before != null && before.told()) {
                tell("channel.up", channel, view, "takes calls again");
            }
            return;
        }
        Out known = before == null ? new Out(now, false) : before;
        boolean lasts =
                now - known.since() >= OUT_FOR.toMillis() || view.state().equals("off");
        if (!known.told() && lasts) {
            tell("channel.down", channel, view, "takes no calls: " + view.reason());
        }
        out.put(channel.id(), new Out(known.since(), known.told() || lasts));
    }

    private void tell(String type, Channel channel, Channels.HealthView view, String what) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("id", channel.id());
        facts.put("name", channel.name());
        facts.put("state", view.state());
        if (view.reason() != null) {
            facts.put("reason", view.reason());
        }
        notices.tell(type, "The channel " + channel.id() + " ('" + channel.name() + "') " + what, facts);
    }

    private void probe(Live live, long now) {
        if (live.keys().isEmpty()) {
            return;
        }
        for (Live.Key key : live.keys()) {
            if (key.upstream().listsModels() && key.health().takeTest(settings.probe(), now)) {
                ask(key.upstream(), status -> {
                    if (status / 100 == 2) {
                        key.health().accepted();
                    }
                });
            }
        }
        Health health = live.health();
        Upstream first = live.keys().getFirst().upstream();
        if (first.listsModels() && health.takeProbe(settings.probe(), now)) {
            ask(first, status -> {
                if (status / 100 == 2) {
                    health.answered();
                } else if (status >= 500) {
                    health.failed(new Failure(Failure.Kind.SERVER_ERROR, "status " + status), clock.millis());
                } else {
                    health.undecided(clock.millis());
                }
            });
        }
    }

    /** @param said the vendor's status, or 599 when there was no answer */
    private static void ask(Upstream upstream, Consumer<Integer> said) {
        upstream.models(upstream.modelLists().getFirst())
                .map(ChannelWatch::status)
                .timeout(PATIENCE)
                .onErrorResume(error -> Mono.just(599))
                .subscribe(said);
    }

    private static int status(Reply reply) {
        int status = reply.status();
        reply.abandon();
        return status;
    }
}
