mod db;
mod emails_render;
mod emails_transport;
mod http;
