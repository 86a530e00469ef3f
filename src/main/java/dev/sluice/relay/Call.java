package dev.sluice.relay;

import dev.sluice.access.Caller;
import dev.sluice.channel.Choice;
import dev.sluice.channel.Route;
import dev.sluice.format.Format;
import dev.sluice.format.Heading;
import dev.sluice.format.PromptCount;
import dev.sluice.format.Question;
import dev.sluice.ledger.Entry;
import dev.sluice.ledger.Ledger;
import dev.sluice.quota.Hold;
import dev.sluice.quota.RateLimits;
import dev.sluice.quota.Tariff;
import dev.sluice.settings.Routing;
import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Meter;
import dev.sluice.vendor.Reply;
import dev.sluice.wire.Ask;
import dev.sluice.wire.Endpoint;
import dev.sluice.wire.Reading;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Usage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One call of an identified caller, from its admission to its end. However it ends, it ends once: the hold is settled,
 * the ledger gets its entry, the numbers move and the log gets its line, all in {@link #end}, the one place where money
 * moves. The ways out are {@link #completed}, {@link #failed} and {@link #left}.
 *
 * <p>It lives on the event loop of the caller's connection; only its end may come from elsewhere.
 */
final class Call {
    private static final Logger log = LoggerFactory.getLogger(Call.class);

    /** Nobody was there to be told a status. */
    private static final int LEFT = 499;

    private final Visit visit;
    private final Endpoint endpoint;
    private final Caller caller;
    private final Ledger ledger;
    private final RelayMeters meters;
    private final Pins pins;
    private final AtomicBoolean open = new AtomicBoolean(true);
    private final Tries tries = new Tries();
    private volatile @Nullable Hold hold;
    private RateLimits.@Nullable Pass pass;
    private @Nullable Ask ask;
    private @Nullable Question question; // read once, and only when a vendor of another form is asked
    private @Nullable Route route;
    private @Nullable Tariff tariff;
    private @Nullable Choice choice;
    private @Nullable Reading meter;
    private volatile @Nullable Reply reply;
    private @Nullable Long follows;
    private ResponseCache.@Nullable Place place;
    private long replayFactor = -1; // no answer that was kept is given
    private boolean complete;
    private Usage used = Usage.NONE;
    private boolean streaming;
    private boolean begun;
    private boolean kept;
    private boolean midEvent;
    private int pieces;
    private volatile @Nullable KeepAlive keepAlive;
    private @Nullable Upload upload;
    private String model = "";
    private long firstTokenNanos = -1;

    Call(Visit visit, Endpoint endpoint, Caller caller, Ledger ledger, RelayMeters meters, Pins pins) {
        this.pins = pins;
        this.visit = visit;
        this.endpoint = endpoint;
        this.caller = caller;
        this.ledger = ledger;
        this.meters = meters;
        meters.opened();
    }

    /** The next answer on the same connection: a call of its own, at the same channel. */
    Call following(Visit next) {
        return beside(next, ask(), tariff);
    }

    /** What is paid beside the answers of the same connection. */
    Call beside(Visit next, Ask other, @Nullable Tariff priced) {
        Call call = new Call(next, endpoint, caller, ledger, meters, pins);
        call.asks(other);
        call.routed(model, route(), priced);
        Choice chosen = choice;
        if (chosen != null) {
            call.attempting(chosen.again());
        }
        call.begin();
        return call;
    }

    Visit visit() {
        return visit;
    }

    Caller caller() {
        return caller;
    }

    Ask ask() {
        return java.util.Objects.requireNonNull(ask);
    }

    Route route() {
        return java.util.Objects.requireNonNull(route);
    }

    void uploads(Upload form) {
        upload = form;
    }

    /** What is sent, of a call that is asked in a form. */
    @Nullable
    Upload upload() {
        return upload;
    }

    /** Where its answer is to be kept; null: nowhere. */
    void keptAt(ResponseCache.@Nullable Place found) {
        place = found;
        if (found != null) {
            visit.response().header("x-cache", "miss");
        }
    }

    ResponseCache.@Nullable Place place() {
        return place;
    }

    /** The answer that its caller got, to be kept; null: it was not whole, or no channel's. */
    @Nullable
    KeptAnswer kept(byte[] bytes, String type) {
        Choice chosen = choice;
        return complete && chosen != null && visit.response().status().code() == 200
                ? new KeptAnswer(
                        bytes,
                        type,
                        streaming,
                        used,
                        chosen.channel().priceFactorMillionths(),
                        System.currentTimeMillis())
                : null;
    }

    /**
     * It gets an answer that was kept, and no channel is asked.
     *
     * @param usage what it pays for
     * @param factorMillionths in place of a channel's
     */
    void replays(Usage usage, long factorMillionths) {
        meter = (prompt, generates) -> usage;
        replayFactor = factorMillionths;
    }

    /** It goes on with what that channel has begun. */
    void follows(long channelId) {
        follows = channelId;
    }

    /** The only channel to consider; null: any. */
    @Nullable
    Long pinnedChannel() {
        if (follows != null && caller.pinnedChannel() == null) {
            return follows;
        }
        String response = ask == null ? null : ask.follows();
        Long insisted = caller.pinnedChannel();
        return insisted != null || response == null
                ? insisted
                : pins.channel(response, caller.user().id());
    }

    Tries tries() {
        return tries;
    }

    /** What is asked, in no form's words. @throws Refusal when there are none for it */
    Question question(Format format) {
        Question known = question;
        if (known == null) {
            known = format.read(ask().body(), ask().stream());
            question = known;
        }
        return known;
    }

    /** What an answer in the caller's form says of the call. */
    Heading heading() {
        return new Heading(
                visit.id(), ask().model(), visit.startedAt(), ask().usageWanted(), ask().promptEstimate(), question);
    }

    void asks(Ask asked) {
        ask = asked;
        if (asked.stream()) {
            streaming = true;
            meters.streaming();
        }
    }

    /** @param asked the model that is asked for: the caller's, or one that stands in for it */
    void routed(String asked, Route found, @Nullable Tariff priced) {
        model = asked;
        tries.nextModel();
        route = found;
        tariff = priced;
    }

    /** The model that is asked of vendors now: the caller's, or one that stands in for it. */
    String model() {
        return model;
    }

    /** What makes calls belong together, of this one; null: nothing does. */
    @Nullable
    String kin(Routing.@Nullable Sticky sticky) {
        if (sticky == null) {
            return null;
        }
        String user = ask().user();
        return switch (sticky) {
            case PROMPT_CACHE_KEY -> ask().cacheKey();
            case CONVERSATION -> ask().opening();
            case USER -> user != null ? user : "user " + caller.user().id();
        };
    }

    @Nullable
    Tariff tariff() {
        return tariff;
    }

    /** What was reserved for it. A call that has ended meanwhile gives it back at once. */
    void holds(Hold taken) {
        hold = taken;
        if (!open.get()) {
            settle(taken, 0);
        }
    }

    /**
     * It passed the rate limits, and counts among the open calls until its end. Told again when the other nodes let it
     * pass too, since their numbers are the ones to show.
     */
    void passes(RateLimits.Pass passed) {
        pass = passed;
        if (!visit.response().hasSentHeaders()) {
            passed.headers().forEach(visit.response()::header);
        }
    }

    /** Model tokens that it may use, as far as one can tell before. */
    long estimatedTokens(int defaultOutputTokens) {
        return ask().promptEstimate() + ask().completionLimit(defaultOutputTokens);
    }

    void attempting(Choice chosen) {
        choice = chosen;
        meter = null; // what an attempt before this one answered is not paid
        tries.attempting();
    }

    void answeredBy(Reading reading) {
        meter = reading;
    }

    /** The stream that goes to the caller. */
    void streams(Reply streamed) {
        reply = streamed;
    }

    /** The gateway goes down: a stream that runs breaks off here, and its caller is told. */
    void cut() {
        Reply streamed = reply;
        if (streamed != null) {
            streamed.breakOff();
        }
    }

    /** The attempt came to nothing. */
    void attemptFailed(Failure failure) {
        tries.failed(choice, failure);
    }

    /** A channel was passed over, since its vendor has no word for what is asked. */
    void inexpressible(Refusal refusal) {
        tries.inexpressible(refusal);
        choice = null;
    }

    /** The first piece of the answer is there. */
    void tokenArrived() {
        if (firstTokenNanos >= 0) {
            return;
        }
        firstTokenNanos = System.nanoTime() - visit.startedNanos();
        if (streaming) {
            meters.firstToken(endpoint, firstTokenNanos);
            if (choice != null) {
                long millis = firstTokenNanos / 1_000_000;
                choice.firstToken(millis, visit.startedAt() + millis);
            }
        }
    }

    /** The answer goes to the caller from now on: no other channel can be tried. */
    void begin() {
        tokenArrived();
        begun = true;
    }

    boolean streaming() {
        return streaming;
    }

    boolean begun() {
        return begun;
    }

    boolean open() {
        return open.get();
    }

    void keptBy(KeepAlive keeping) {
        keepAlive = keeping;
        if (!open.get()) {
            keeping.stop();
        }
    }

    /** The status is with the caller, and nothing of an answer yet: an error can only be told by an event. */
    void kept() {
        kept = true;
    }

    /** Whether the caller has a status, and no answer yet: then another channel may still be tried. */
    boolean waitsKept() {
        return kept && !begun;
    }

    /**
     * A piece of a stream goes to the caller.
     *
     * @param unfinished whether it ends within an event
     */
    void pieceSent(boolean unfinished) {
        pieces++;
        midEvent = unfinished;
    }

    int pieces() {
        return pieces;
    }

    boolean midEvent() {
        return midEvent;
    }

    /** The whole answer is about to be with the caller: told before its last bytes are sent. */
    void completed(int status) {
        if (end(status, null, true)) {
            complete = true;
            Choice chosen = choice;
            if (chosen != null) {
                String kept = meter instanceof Meter reading ? reading.keptAs() : null;
                if (kept != null) {
                    pins.keep(kept, chosen.channel().id(), caller.user().id());
                }
                chosen.succeeded();
                meters.attempt(chosen.channel().id(), "success");
            }
        }
    }

    /** It came to nothing, and costs nothing. */
    void failed(int status, String code) {
        end(status, code, false);
    }

    /** The answer broke after its first byte, and the error goes out in its place: the call costs nothing. */
    void brokenOff(Failure failure, long now) {
        Refusal.Reason reason = failure.kind() == Failure.Kind.TIMEOUT
                ? Refusal.Reason.UPSTREAM_TIMEOUT
                : Refusal.Reason.UPSTREAM_ERROR;
        Choice chosen = choice;
        if (end(200, reason.code, false) && chosen != null) {
            chosen.failed(failure, now, tries.tried());
            meters.attempt(chosen.channel().id(), failure.kind().label);
        }
    }

    void refused(Refusal refusal) {
        failed(refusal.reason().status, refusal.reason().code);
    }

    /** The caller went away: it pays what was received up to then, when an answer had begun. */
    void left(long now) {
        if (end(LEFT, "caller_left", true)) {
            Choice chosen = choice;
            if (chosen != null) {
                chosen.undecided(now);
                meters.attempt(chosen.channel().id(), "caller_left");
            }
        }
    }

    private boolean end(int decided, @Nullable String code, boolean pays) {
        if (!open.compareAndSet(true, false)) {
            return false;
        }
        int status = kept && decided != LEFT ? 200 : decided; // what the caller was told before
        KeepAlive keeping = keepAlive;
        if (keeping != null) {
            keeping.stop();
        }
        long nanos = System.nanoTime() - visit.startedNanos();
        Usage usage = pays ? usage() : Usage.NONE;
        used = usage;
        long cost = pays ? cost(usage) : 0;
        Hold taken = hold;
        if (taken != null) {
            settle(taken, cost);
        }
        RateLimits.Pass passed = pass;
        if (passed != null) {
            passed.leave(usage.total());
        }
        Choice chosen = choice;
        if (chosen != null) {
            chosen.used(usage.total());
        }
        Entry entry = entry(status, code, usage, cost, nanos / 1_000_000, taken);
        ledger.append(entry);
        meters.closed(streaming);
        meters.ended(endpoint, streaming, status, code == null ? "completed" : code, nanos, usage, cost);
        CallLine.write(entry, visit.headers().get("x-request-id"));
        return true;
    }

    private static void settle(Hold taken, long cost) {
        boolean settled = taken.settle(cost);
        if (!settled) {
            log.error("A hold was to be settled twice");
        }
    }

    /** Nothing was asked of a vendor that would have to be paid for, as long as no answer came. */
    private Usage usage() {
        Reading reading = meter;
        Ask asked = ask;
        return reading == null || asked == null || !endpoint.metered()
                ? Usage.NONE
                : measured(reading.usage(() -> PromptCount.of(asked.body()), endpoint.generates));
    }

    /** With what can be measured of the question, where that has a price: the text that is spoken, the recording's length. */
    Usage measured(Usage usage) {
        Upload recording = upload;
        return switch (endpoint) {
            case SPEECH -> usage.spoken(ask().characters());
            case TRANSCRIPTIONS, TRANSLATIONS ->
                usage.estimated() && recording != null ? usage.heard(recording.soundEstimateMillis()) : usage;
            default -> usage;
        };
    }

    private long cost(Usage usage) {
        Tariff known = tariff;
        return known == null || meter == null || !endpoint.metered() ? 0 : cost(known, usage);
    }

    /** At the channel that was chosen; without one nothing is paid. */
    long cost(Tariff known, Usage usage) {
        long factor = channelFactor();
        return factor < 0 ? 0 : known.cost(usage, caller.group().priceFactorMillionths(), factor);
    }

    /** Millionths; -1: no channel answers, and no answer that was kept is given. */
    private long channelFactor() {
        Choice chosen = choice;
        return chosen == null ? replayFactor : chosen.channel().priceFactorMillionths();
    }

    /** What it costs that has a price per call, and uses nothing else. */
    long price() {
        return cost(Usage.NONE);
    }

    /** It turned out to be paid already. */
    void free() {
        tariff = null;
    }

    private Entry entry(int status, @Nullable String code, Usage usage, long cost, long millis, @Nullable Hold taken) {
        Ask asked = ask;
        Choice chosen = choice;
        return new Entry(
                visit.id(),
                visit.startedAt(),
                endpoint.label(),
                asked == null ? "" : asked.model(),
                asked == null || chosen == null ? null : chosen.channel().upstreamModel(model),
                streaming,
                caller.user().id(),
                caller.token().id(),
                chosen == null ? null : chosen.channel().id(),
                status,
                code,
                usage,
                cost,
                cost == 0 || tariff == null
                        ? null
                        : tariff.words(usage, caller.group().priceFactorMillionths(), channelFactor()),
                millis,
                streaming && firstTokenNanos >= 0 ? firstTokenNanos / 1_000_000 : null,
                tries.attempts(),
                tries.notes(),
                visit.address().getHostAddress(),
                taken == null ? 0 : taken.leaseEpoch(),
                taken != null && taken.leasedFromToken(),
                taken != null && taken.leasedFromUser());
    }
}
