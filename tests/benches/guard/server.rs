//! The smallest application with its pages open and guarded, on each framework, with one worker thread.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread;

use maestrano::Maestrano;

use crate::desk;

/// The page without work: it is there already, and as long as a small page of an application.
const PAGE: &str = match str::from_utf8(&[b'x'; 2048]) {
    Ok(page) => page,
    Err(_) => "",
};

pub(crate) fn axum(mno: Maestrano) -> SocketAddr {
    use axum::Router;
    use axum::response::Html;
    use axum::routing::get;
    use axum::serve::ListenerExt as _;
    use maestrano_axum::Session;

    let (listener, address) = listen();
    on_a_thread(async move {
        let app = Router::new()
            .route("/open/still", get(async || Html(PAGE)))
            .route("/guarded/still", get(async |_: Session| Html(PAGE)))
            .route("/open/desk", get(async || Html(desk::page())))
            .route("/guarded/desk", get(async |_: Session| Html(desk::page())))
            .merge(maestrano_axum::routes())
            .with_state(mno);
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        axum::serve(listener.tap_io(|stream| stream.set_nodelay(true).unwrap()), app).await.unwrap();
    });
    address
}

pub(crate) fn actix(mno: Maestrano) -> SocketAddr {
    use actix_web::web::{Html, get};
    use actix_web::{App, HttpServer};
    use maestrano_actix::Session;

    let (listener, address) = listen();
    let app = move || {
        App::new()
            .configure(maestrano_actix::routes(&mno))
            .route("/open/still", get().to(async || Html::new(PAGE)))
            .route("/guarded/still", get().to(async |_: Session| Html::new(PAGE)))
            .route("/open/desk", get().to(async || Html::new(desk::page())))
            .route("/guarded/desk", get().to(async |_: Session| Html::new(desk::page())))
    };
    thread::spawn(move || {
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap();
        actix_web::rt::System::new().block_on(server.run()).unwrap();
    });
    address
}

pub(crate) fn rocket(mno: Maestrano) -> SocketAddr {
    use maestrano_rocket::Session;
    use rocket::fairing::AdHoc;
    use rocket::response::content::RawHtml;
    use rocket::{Config, get, routes};

    #[get("/open/still")]
    async fn open_still() -> RawHtml<&'static str> {
        RawHtml(PAGE)
    }

    #[get("/guarded/still")]
    async fn guarded_still(_session: Session) -> RawHtml<&'static str> {
        RawHtml(PAGE)
    }

    #[get("/open/desk")]
    async fn open_desk() -> RawHtml<String> {
        RawHtml(desk::page())
    }

    #[get("/guarded/desk")]
    async fn guarded_desk(_session: Session) -> RawHtml<String> {
        RawHtml(desk::page())
    }

    let (liftoff, lifted_off) = mpsc::channel();
    on_a_thread(async move {
        let config = Config::figment()
            .merge(("address", Ipv4Addr::LOCALHOST))
            .merge(("port", 0))
            .merge(("log_level", "off"));
        let app = rocket::custom(config)
            .mount("/", routes![open_still, guarded_still, open_desk, guarded_desk])
            .attach(maestrano_rocket::fairing(mno))
            .attach(AdHoc::on_liftoff("address", |rocket| {
                let port = rocket.config().port;
                Box::pin(async move { liftoff.send(port).unwrap() })
            }));
        app.launch().await.unwrap();
    });
    (Ipv4Addr::LOCALHOST, lifted_off.recv().unwrap()).into()
}

fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn on_a_thread(server: impl Future<Output = ()> + Send + 'static) {
    thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(server);
    });
}
