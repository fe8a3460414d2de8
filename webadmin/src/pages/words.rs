//! The pages' words in the reader's language.

use axum::http::{HeaderMap, header};

macro_rules! words {
    ($($name:ident: $english:literal, $spanish:literal;)*) => {
        /// Every text a page shows.
        pub(crate) struct Words {
            /// The language tag of the page.
            pub(crate) lang: &'static str,
            $(pub(crate) $name: &'static str,)*
        }

        static ENGLISH: Words = Words { lang: "en", $($name: $english,)* };
        static SPANISH: Words = Words { lang: "es", $($name: $spanish,)* };
    };
}

words! {
    log_in: "Log in", "Iniciar sesión";
    log_out: "Log out", "Cerrar sesión";
    login: "Login", "Usuario";
    password: "Password", "Contraseña";
    wrong: "Login or password is wrong.", "El usuario o la contraseña no son correctos.";
    too_many: "Too many tries. Wait a moment.", "Demasiados intentos. Espere un momento.";
    busy: "The node is busy. Try again.", "El nodo está ocupado. Inténtelo de nuevo.";
    elsewhere: "This form was sent from another site.", "Este formulario se envió desde otro sitio.";
    skip: "Skip to content", "Ir al contenido";
    status: "Status", "Estado";
    trunks: "Trunks", "Troncales";
    registrations: "Registered phones", "Teléfonos registrados";
    live_calls: "Live calls", "Llamadas en curso";
    recent_calls: "Recent calls", "Llamadas recientes";
    name: "Name", "Nombre";
    peer: "Peer", "Destino";
    state: "State", "Estado";
    registration: "Registration", "Registro";
    calls: "Calls", "Llamadas";
    extension: "Extension", "Extensión";
    source: "Address", "Dirección";
    phone: "Phone", "Teléfono";
    expires: "Expires", "Caduca";
    started: "Started", "Inicio";
    caller: "From", "De";
    dialled: "Dialled", "Marcado";
    to: "To", "A";
    duration: "Duration", "Duración";
    codec: "Codec", "Códec";
    ended: "End", "Fin";
    quality: "Sound quality", "Calidad del sonido";
    lost_in: "Lost, from it", "Pérdida, desde él";
    lost_out: "Lost, to it", "Pérdida, hacia él";
    jitter: "Jitter", "Fluctuación";
    round_trip: "Round trip", "Ida y vuelta";
    mos_in: "MOS, from it", "MOS, desde él";
    mos_out: "MOS, to it", "MOS, hacia él";
    troubles: "Troubles", "Problemas";
    one_way: "audio one way only", "audio en un solo sentido";
    dead_air: "no sound in its packets", "paquetes sin sonido";
    from_nowhere: "RTP from elsewhere", "RTP de otro origen";
    up: "up", "activo";
    down: "down", "caído";
    none: "none", "ninguno";
    parked: "parked at", "estacionada en";
    ready: "Taking calls", "Aceptando llamadas";
    not_ready: "Not taking calls", "No acepta llamadas";
    lost: "No answer from the node; trying again.", "El nodo no responde; reintentando.";
    sounds: "Prompts and music", "Mensajes y música";
    prompt: "Prompt", "Mensaje";
    prompts: "Prompts", "Mensajes";
    music: "Music", "Música";
    kind: "Kind", "Tipo";
    language: "Language", "Idioma";
    class: "Class of music", "Clase de música";
    file: "File (WAV, MP3, Ogg, FLAC)", "Archivo (WAV, MP3, Ogg, FLAC)";
    level: "Set its level and cut silence", "Ajustar el nivel y recortar silencios";
    upload: "Upload", "Subir";
    uploading: "Uploading…", "Subiendo…";
    checking: "Reading the file…", "Leyendo el archivo…";
    taken: "% can be played from now on.", "% ya se puede reproducir.";
    listen: "Listen", "Escuchar";
    stop: "Stop", "Parar";
    delete: "Delete", "Eliminar";
    delete_sure: "Delete %? Calls that play it go on without it.",
        "¿Eliminar %? Las llamadas que lo reproducen seguirán sin él.";
    deleted: "% was deleted.", "% fue eliminado.";
    shipped: "ships with Tandem", "incluido con Tandem";
    own: "uploaded", "subido";
    overrides: "instead of the one that ships", "en lugar del incluido";
    source_of: "Origin", "Origen";
    all: "all", "todos";
    search: "Search", "Buscar";
    text: "Text", "Texto";
    actions: "Actions", "Acciones";
    more: "Show more", "Mostrar más";
    wave: "Waveform of the last one listened to", "Forma de onda del último que escuchó";
    call: "Call", "Llamada";
    call_over: "The call is over.", "La llamada ha terminado.";
    hang_up: "Hang up", "Colgar";
    hang_up_sure: "End this call?", "¿Terminar esta llamada?";
    asked: "Asked.", "Pedido.";
    reach: "Forwards", "Desvíos";
    reach_saved: "Extension % is changed.", "La extensión % ha cambiado.";
    change: "Change", "Cambiar";
    as_set_up: "as set up", "según la configuración";
    nowhere: "off", "desactivado";
    forward_always: "Always to", "Siempre a";
    forward_busy: "When busy to", "Si comunica, a";
    forward_no_answer: "When not answered to", "Si no contesta, a";
    forward_unregistered: "Without a phone to", "Sin teléfono, a";
    no_answer_secs: "Seconds it rings before", "Segundos de timbre antes";
    do_not_disturb: "Do not disturb", "No molestar";
    unavailable: "Takes no calls", "No acepta llamadas";
    yes: "yes", "sí";
    no: "no", "no";
    conference: "Conference", "Conferencia";
    on_hold: "music on hold", "música en espera";
    to_whom: "To", "A";
    transfer: "Transfer", "Transferir";
    consult: "Ask first", "Preguntar primero";
    consult_complete: "Transfer now", "Transferir ahora";
    consult_alternate: "Alternate", "Alternar";
    consult_merge: "All together", "Todos juntos";
    consult_abandon: "Back", "Volver";
    hold: "Hold", "Retener";
    retrieve: "Retrieve", "Recuperar";
    drop_leg: "End leg", "Terminar tramo";
    transfer_runs: "Transfer to %", "Transferencia a %";
    consultation_runs: "Leg # asks %", "El tramo # consulta a %";
    holds_others: "Leg # holds the others", "El tramo # retiene a los demás";
    wants_help: "asks for help", "pide ayuda";
    code: "Code", "Código";
    code_refused: "Code refused", "Código rechazado";
    speaking: "speaks", "habla";
    muted: "Muted", "Silenciado";
    deaf: "Hears nobody", "No oye a nadie";
    digit: "Digit", "Dígito";
    detected: "Detected", "Detectado";
    trouble: "Trouble", "Problema";
    trouble_over: "Trouble over", "Problema resuelto";
    prompt_missing: "Prompt missing", "Falta la locución";
    silent: "Nothing comes", "No llega nada";
    heard_again: "Heard again", "Se oye de nuevo";
    supervision: "Supervision", "Supervisión";
    supervised: "Supervised", "Supervisada";
    supervisor: "Supervisor", "Supervisor";
    agent: "Agent", "Agente";
    way: "Mode", "Modo";
    whisper: "Whisper", "Susurrar";
    barge: "Barge in", "Intervenir";
    take_over: "Take over", "Tomar la llamada";
    follow: "Follow", "Seguir";
    leave: "Leave", "Salir";
    legs: "Legs", "Tramos";
    leg: "Leg", "Tramo";
    flow: "Flow", "Sentido";
    hears: "Hears", "Oye a";
    gain: "Gain (dB)", "Ganancia (dB)";
    who_hears: "Who hears whom", "Quién oye a quién";
    play: "Play", "Reproducir";
    digits: "Digits", "Dígitos";
    send: "Send", "Enviar";
    set: "Set", "Aplicar";
    move_in: "Move in", "Pasar a";
    happenings: "What was heard", "Lo que se oyó";
    time: "Time", "Hora";
    what: "What", "Qué";
    detail: "Detail", "Detalle";
    recordings: "Recordings", "Grabaciones";
    gaps: "Left out", "Omitido";
    gap: "%2 s at %1", "%2 s en %1";
    kept_until: "Kept until", "Se conserva hasta";
    for_good: "for good", "sin límite";
    encrypted: "encrypted", "cifrada";
    cut: "its last second is missing", "falta el último segundo";
    recording_sure: "Delete the recording of %? It cannot be brought back.",
        "¿Borrar la grabación de %? No se puede recuperar.";
    since: "Since", "Desde";
    until: "Until", "Hasta";
    call_id: "Call", "Llamada";
    policy: "Policy", "Política";
    tapped: "Listened in by", "Escucha";
    not_understood: "Codec not understood", "Códec no entendido";
    voicemail: "Voice mail", "Buzón de voz";
    mailbox: "Mailbox", "Buzón";
    no_messages: "no messages", "sin mensajes";
    new_message: "new", "nuevo";
    heard_message: "heard", "escuchado";
    urgent: "urgent", "urgente";
    mark_new: "Mark new", "Marcar como nuevo";
    mark_heard: "Mark heard", "Marcar como escuchado";
    mark_urgent: "Mark urgent", "Marcar como urgente";
    mark_usual: "Not urgent", "No urgente";
    marked: "% is changed.", "% se ha cambiado.";
    unknown_caller: "unknown number", "número desconocido";
    message_sure: "Delete the message of %?", "¿Borrar el mensaje de %?";
    phones: "Phones", "Teléfonos";
    vendor: "Vendor", "Fabricante";
    model: "Model", "Modelo";
    mac: "Hardware address (MAC)", "Dirección física (MAC)";
    stations: "Extensions", "Extensiones";
    keys: "Keys, one per line", "Teclas, una por línea";
    keys_hint: "line, blf:1002=Name, speed:+15550100, park:701, code:*78",
        "line, blf:1002=Nombre, speed:+15550100, park:701, code:*78";
    time_zone: "Time zone", "Zona horaria";
    softphone: "Softphone", "Softphone";
    registered: "Registered", "Registrado";
    last_fetch: "Last fetch", "Última descarga";
    never: "never", "nunca";
    add_phone: "Add or change a phone", "Añadir o cambiar un teléfono";
    save: "Save", "Guardar";
    saved: "% is saved.", "% está guardado.";
    edit: "Change", "Cambiar";
    show_url: "Show address", "Mostrar dirección";
    url_hint: "Type this address into the phone as its provisioning server. It holds the phone's secret.",
        "Escriba esta dirección en el teléfono como servidor de aprovisionamiento. Contiene el secreto del teléfono.";
    rotate: "New secret", "Nuevo secreto";
    rotate_sure: "Make a new secret for %? What it uses now no longer works, and it must fetch its settings again.",
        "¿Crear un nuevo secreto para %? El actual dejará de valer y el teléfono deberá descargar su configuración de nuevo.";
    phone_sure: "Remove %? It can no longer register.", "¿Eliminar %? Ya no podrá registrarse.";
    settings: "Settings", "Configuración";
    once_hint: "The password is shown this once. Scan the code with linphone within 15 minutes, or type the settings into another program.",
        "La contraseña se muestra solo esta vez. Escanee el código con linphone en 15 minutos, o escriba los datos en otro programa.";
    server: "Server", "Servidor";
    login_name: "Login name", "Usuario de autenticación";
    transport: "Transport", "Transporte";
    qr_code: "QR code of the settings for linphone", "Código QR con la configuración para linphone";
    generate: "Make one up", "Inventar una";
    conferences: "Conferences", "Conferencias";
    members: "Members", "Participantes";
    lock: "Lock", "Bloquear";
    unlock: "Open", "Abrir";
    locked: "locked", "bloqueada";
    record: "Record", "Grabar";
    stop_record: "Stop recording", "Detener la grabación";
    recorded: "recorded", "se graba";
    mute_all: "Mute all", "Silenciar a todos";
    unmute_all: "Unmute all", "Dar voz a todos";
    end_for_all: "End for all", "Terminar para todos";
    end_sure: "End the conference for all who are in it?", "¿Terminar la conferencia para todos los que están en ella?";
    mute: "Mute", "Silenciar";
    unmute: "Unmute", "Dar voz";
    waits: "waits for a moderator", "espera a un moderador";
    moderates: "moderator", "moderador";
    remove: "Remove", "Quitar";
    invite: "Ring somebody in", "Llamar a alguien";
    no_script: "This page needs JavaScript to stay up to date.",
        "Esta página necesita JavaScript para mantenerse al día.";
}

impl Words {
    /// The language wanted most of those there are; English when none is.
    pub(crate) fn of(headers: &HeaderMap) -> &'static Self {
        let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let mut best: (u16, &'static Self) = (0, &ENGLISH);
        for range in wanted.split(',').take(16) {
            let (tag, weight) = range.split_once(';').unwrap_or((range, ""));
            let primary = tag.trim().split('-').next().unwrap_or("");
            let words = match primary.to_ascii_lowercase().as_str() {
                "es" => &SPANISH,
                "en" => &ENGLISH,
                _ => continue,
            };
            let weight = milli(weight);
            if weight > best.0 {
                best = (weight, words);
            }
        }
        best.1
    }
}

/// The weight of a language range (RFC 9110 §12.4.2) in thousandths; 1,000 when it has none.
fn milli(weight: &str) -> u16 {
    let Some(value) = weight.trim().strip_prefix("q=") else { return 1_000 };
    value.trim().parse::<f32>().map_or(0, |q| (q.clamp(0.0, 1.0) * 1_000.0) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lang(wanted: &str) -> &'static str {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, wanted.parse().expect("a value"));
        Words::of(&headers).lang
    }

    #[test]
    fn the_language_wanted_most_is_taken_and_english_otherwise() {
        assert_eq!(lang("es-AR,es;q=0.9,en;q=0.8"), "es");
        assert_eq!(lang("en;q=0.5, es;q=0.7"), "es");
        assert_eq!(lang("de, fr"), "en");
        assert_eq!(lang("es;q=0"), "en");
        assert_eq!(lang("es;q=nonsense,,;"), "en");
    }
}
