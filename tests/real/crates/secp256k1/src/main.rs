//! Signs by elliptic curves, verifies, recovers a key, and refuses a wrong signature.

use secp256k1::ecdh::SharedSecret;
use secp256k1::{Message, PublicKey, SecretKey, ecdsa};

fn main() {
    let secret = SecretKey::from_secret_bytes([0xcd; 32]).unwrap();
    let other = SecretKey::from_secret_bytes([0x17; 32]).unwrap();
    let public = PublicKey::from_secret_key(&secret);
    println!("{public}");
    let message = Message::from_digest([0xab; 32]);
    let signature = ecdsa::sign(message, &secret);
    println!("{signature}");
    println!("{:?}", ecdsa::verify(&signature, message, &public));
    println!("{:?}", ecdsa::verify(&signature, Message::from_digest([1; 32]), &public));
    println!("{:?}", SecretKey::from_secret_bytes([0; 32]).map(|_| ()));
    let ours = SharedSecret::new(&PublicKey::from_secret_key(&other), &secret);
    println!("{}", ours == SharedSecret::new(&public, &other));
}
